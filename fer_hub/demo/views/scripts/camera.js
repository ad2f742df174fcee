// Frames of the webcam go out one at a time; the answer, in #live, is drawn over the film.
const film = element.querySelector('video'), over = element.querySelector('.fer-over-film');
const button = element.querySelector('[data-do=start]'), told = element.querySelector('.fer-camera-told');
const every = 1000 * element.querySelector('.fer-mirror').dataset.every;
const tab = element.closest('[role=tabpanel]') ?? element, small = document.createElement('canvas');
let on = false, first = true, sent = 0, timer = null;

function send() {
  clearTimeout(timer);
  if (!on) return;
  if (film.videoWidth) {
    const scale = Math.min(1, 320 / Math.max(film.videoWidth, film.videoHeight));
    [small.width, small.height] = [film.videoWidth * scale, film.videoHeight * scale];
    small.getContext('2d').drawImage(film, 0, 0, small.width, small.height);
    sent = performance.now();
    trigger('frame', {picture: small.toDataURL('image/jpeg', 0.85), first});
    first = false;
  }
  timer = setTimeout(send, film.videoWidth ? 8000 : 100);  // an answer that got lost ends nothing
}

function draw() {
  const answer = document.querySelector('#live [data-boxes]');
  const boxes = on && answer ? JSON.parse(answer.dataset.boxes) : [];
  over.replaceChildren(...boxes.map(box => {
    const mark = document.createElement('div'), words = mark.appendChild(document.createElement('span'));
    mark.className = `fer-box${box.unsure ? ' fer-unsure' : ''}${box.top < 0.08 ? ' fer-inside' : ''}`;
    Object.assign(mark.style, {left: `${100 * (1 - box.left - box.width)}%`, top: `${100 * box.top}%`,
      width: `${100 * box.width}%`, height: `${100 * box.height}%`});
    mark.style.setProperty('--colour', box.colour);
    words.textContent = box.words;
    return mark;
  }));
}

async function start() {
  try {
    const size = {width: {ideal: 480}, height: {ideal: 360}};
    film.srcObject = await navigator.mediaDevices.getUserMedia({video: size});
  } catch (error) {
    told.textContent = error.name === 'NotAllowedError'
      ? 'The browser does not allow this page the camera; allow it beside the address, and press Start again.'
      : 'No camera was found. Connect one and press Start again, or give a photo or a video.';
    return;
  }
  told.textContent = '';
  on = first = true;
  button.textContent = 'Stop';
  element.classList.add('fer-on');
  await film.play();
  send();
}

function stop() {
  if (!on) return;
  on = false;
  clearTimeout(timer);
  film.srcObject?.getTracks().forEach(track => track.stop());
  film.srcObject = null;
  button.textContent = 'Start';
  element.classList.remove('fer-on');
  over.replaceChildren();
  trigger('stop', {});
}

button.addEventListener('click', () => on ? stop() : start());
document.addEventListener('fer-live', () => {
  if (document.querySelector('#live [role=alert]')) return stop();
  draw();
  clearTimeout(timer);
  timer = setTimeout(send, Math.max(0, every - (performance.now() - sent)));
});
document.addEventListener('visibilitychange', () => { if (document.hidden) stop(); });
new IntersectionObserver(() => { if (tab.offsetParent === null) stop(); }).observe(element);
