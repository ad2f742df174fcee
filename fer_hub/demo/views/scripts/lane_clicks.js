// For a gr.HTML with lanes of a timeline: a click on one tells which share of the time it is at.
element.addEventListener('click', event => {
  const lane = event.target.closest('.fer-lane svg');
  if (!lane) return;
  const box = lane.getBoundingClientRect();
  trigger('click', {share: (event.clientX - box.left) / box.width});
});
