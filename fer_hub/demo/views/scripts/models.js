// A press on Use names its model.
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-model]');
  if (button) trigger('use', {model: button.dataset.model});
});
