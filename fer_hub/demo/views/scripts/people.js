// The camera waits for what comes here.
watch('value', () => document.dispatchEvent(new CustomEvent('fer-live')));
