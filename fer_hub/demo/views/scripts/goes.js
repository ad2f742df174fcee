// A press on a face of the photo goes to what is said of it.
element.addEventListener('click', event => {
  const button = event.target.closest('[data-goes]');
  if (button) document.getElementById(button.dataset.goes)?.scrollIntoView({behavior: 'smooth'});
});
