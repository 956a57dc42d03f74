import userEvent, { PointerEventsCheckLevel } from '@testing-library/user-event';

/** Someone who types fast. Whether something lies over a button is a question to style sheets that jsdom lacks. */
export const user = userEvent.setup({ delay: null, pointerEventsCheck: PointerEventsCheckLevel.Never });
