// A place that takes files: chosen, dropped anywhere in its tab, pasted, or taken with the webcam.
const input = element.querySelector('input[type=file]'), told = element.querySelector('.fer-drop-told');
const camera = element.querySelector('.fer-camera'), film = camera?.querySelector('video');
const tab = element.closest('[role=tabpanel]') ?? element;
const isShown = () => tab.offsetParent !== null;

async function give(files) {
  files = [...files].slice(0, Number(element.querySelector('.fer-drop').dataset.most));
  if (!files.length) return;
  tab.classList.add('fer-waiting');
  const at = Date.now();  // the two events may arrive in the other order
  trigger('uploading', {at});
  const given = [], refused = [];
  for (const [done, file] of files.entries()) {
    told.textContent = files.length > 1 ? `Uploading ${done + 1} of ${files.length}` : `Uploading ${file.name}`;
    try {
      given.push({path: (await upload(file)).path, name: file.name});
    } catch (error) {
      refused.push(file.name);
    }
  }
  told.textContent = '';
  trigger('give', {files: given, refused, at});
  setTimeout(() => tab.classList.remove('fer-waiting'), 10_000);  // where the demo refuses without a word here
}

function close() {
  film?.srcObject?.getTracks().forEach(track => track.stop());
  if (!camera) return;
  film.srcObject = null;
  camera.hidden = true;
}

async function open() {
  try {
    film.srcObject = await navigator.mediaDevices.getUserMedia({video: true});
    camera.hidden = false;
    told.textContent = '';
    await film.play();
  } catch (error) {
    told.textContent = error.name === 'NotAllowedError'
      ? 'The browser does not allow this page the camera; allow it beside the address, and press Webcam again.'
      : 'No camera was found. Give a file instead.';
  }
}

function take() {
  const picture = document.createElement('canvas');
  [picture.width, picture.height] = [film.videoWidth, film.videoHeight];
  picture.getContext('2d').drawImage(film, 0, 0);
  close();
  picture.toBlob(blob => give([new File([blob], 'webcam.jpg', {type: 'image/jpeg'})]), 'image/jpeg', 0.92);
}

async function paste() {
  try {
    const files = [];
    for (const item of await navigator.clipboard.read()) {
      const type = item.types.find(each => each.startsWith('image/'));
      if (type) files.push(new File([await item.getType(type)], 'pasted.png', {type}));
    }
    if (files.length) give(files);
    else told.textContent = 'No picture was copied. Copy one, and press Paste again.';
  } catch (error) {
    told.textContent = 'The browser does not let this page read what was copied; press Ctrl+V instead.';
  }
}

element.addEventListener('click', event => {
  const button = event.target.closest('button');
  if (!button) return;
  if (button.dataset.example) trigger('example', {number: Number(button.dataset.example)});
  ({webcam: open, paste, take, close})[button.dataset.do]?.();
});
input.addEventListener('change', () => { give(input.files); input.value = ''; });
tab.addEventListener('dragover', event => { event.preventDefault(); element.classList.add('fer-over'); });
tab.addEventListener('dragleave', () => element.classList.remove('fer-over'));
tab.addEventListener('drop', event => {
  event.preventDefault();
  element.classList.remove('fer-over');
  give(event.dataTransfer.files);
});
document.addEventListener('paste', event => { if (isShown() && camera) give(event.clipboardData.files); });
document.addEventListener('visibilitychange', () => { if (document.hidden) close(); });
new IntersectionObserver(() => { if (!isShown()) close(); }).observe(element);
