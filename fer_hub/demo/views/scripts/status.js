// What is said here is announced, and ends the waiting.
element.setAttribute('aria-live', 'polite');
watch('value', () => element.closest('[role=tabpanel]')?.classList.remove('fer-waiting'));
