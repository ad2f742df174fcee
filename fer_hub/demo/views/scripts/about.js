// Gradio's own description of the functions opens from its footer, which is not shown, and is loaded when pointed at.
element.addEventListener('click', event => {
  const link = document.querySelector('footer .show-api');
  if (!event.target.closest('button[data-do=api]') || !link) return;
  link.dispatchEvent(new MouseEvent('mouseenter'));
  link.click();
});
