import './.config/jest-setup';
import { configure } from '@testing-library/react';

// A shared machine may be slow; a test that waits in vain fails all the same.
configure({ asyncUtilTimeout: 15000 });

// jsdom asks every rule of Emotion's style sheets for each element, which is most of a test's time. No test here is
// about style.
window.getComputedStyle = (element) => element.style;

// jsdom draws nothing; Grafana's inputs measure their text on a canvas to size themselves.
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: text.length * 8 }) });

// jsdom lays nothing out; Grafana's lists show only rows that have a height.
Object.defineProperty(Element.prototype, 'getBoundingClientRect', {
  value: () => ({ width: 240, height: 240, top: 0, left: 0, bottom: 240, right: 240, x: 0, y: 0 }),
});
for (const side of ['offsetWidth', 'offsetHeight', 'clientWidth', 'clientHeight']) {
  Object.defineProperty(HTMLElement.prototype, side, { value: 240 });
}
Element.prototype.scrollIntoView = () => {};

// Grafana's scroll shadows and links in menus watch what is in view.
global.IntersectionObserver = class {
  observe() {}
  unobserve() {}
  disconnect() {}
};

// i18next advertises itself once in each test file.
console.info = () => {};
