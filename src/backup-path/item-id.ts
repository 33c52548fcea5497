/** What is an id of an item. Pure: workflows use it too. */
const ITEM_ID = /^[1-9][0-9]{0,9}$/;

export const isItemId = (name: string): boolean => ITEM_ID.test(name);
