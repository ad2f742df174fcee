// A face: sharp, or as the model saw it. The chosen one is announced.
if (element.closest('#face')) element.setAttribute('aria-live', 'polite');
element.addEventListener('click', event => {
  const button = event.target.closest('button[data-do=crop]');
  if (!button) return;
  const on = button.closest('article').classList.toggle('fer-as-seen');
  button.setAttribute('aria-pressed', String(on));
});
