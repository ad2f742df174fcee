// The theme can be changed here; the row of tabs can be walked with the arrow keys.
element.addEventListener('click', event => {
  if (event.target.closest('button[data-do=theme]')) document.body.classList.toggle('dark');
});
document.addEventListener('keydown', event => {
  const here = event.target.closest?.('[role=tab]');
  const step = {ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity}[event.key];
  if (!here || !step) return;
  const all = [...here.closest('[role=tablist]').querySelectorAll('[role=tab]')].filter(tab => tab.offsetParent);
  const there = Math.min(Math.max(all.indexOf(here) + step, 0), all.length - 1);
  event.preventDefault();
  all[there].click();
  all[there].focus();
});
