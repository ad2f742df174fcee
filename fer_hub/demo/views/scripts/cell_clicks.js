// For a gr.HTML whose buttons have a `data-cell`: a click marks the button and brings its cell along.
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-cell]');
  if (!button) return;
  element.querySelectorAll('[aria-pressed]').forEach(other => other.removeAttribute('aria-pressed'));
  button.setAttribute('aria-pressed', 'true');
  trigger('click', {cell: button.dataset.cell});
});
