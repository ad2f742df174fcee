time => {
  // The line at the chosen moment of every timeline is moved in the browser alone.
  for (const shown of document.querySelectorAll('.fer-timeline')) {
    shown.style.setProperty('--at', time / shown.dataset.seconds);
    shown.style.setProperty('--shown', 'visible');
  }
}
