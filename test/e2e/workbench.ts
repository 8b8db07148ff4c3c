// The workbench as a user works with it: files, hints, hovers, lenses, the palette, quick-fixes, the dashboard.
// Every wait is for something to be there, never for time to pass.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FrameLocator, Locator, Page } from 'playwright-core';

/** Where pictures and logs are kept. */
export const artifacts = fileURLToPath(new URL('./artifacts', import.meta.url));

/** A text or a pattern as the editor draws it: with no-break spaces. */
function drawn(text: string | RegExp): RegExp {
  const pattern = typeof text === 'string' ? text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : text.source;
  return new RegExp(pattern.replaceAll(' ', '[\\s\\u00a0]+'));
}

export class Workbench {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens a folder and waits until the workbench shows it. */
  async openFolder(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.monaco-workbench .explorer-viewlet .monaco-list-row').first().waitFor();
  }

  /** Opens a file of the folder by its name, to keep (not as a preview), beside the dashboard if that is there. */
  async openFile(name: string): Promise<void> {
    // A file opens in the group that was used last, which may be the dashboard's.
    const tabs = this.page.locator('.editor-group-container').first().locator('.tab');
    if ((await tabs.count()) > 0) await tabs.first().click();
    const row = this.page.locator('.explorer-viewlet .monaco-list-row', {
      has: this.page.getByText(name, { exact: true }),
    });
    await row.dblclick();
    await this.page.locator(`.tab.active[data-resource-name="${name}"]`).waitFor();
    await this.editor.locator('.view-line').first().waitFor();
  }

  /** Opens a notebook of the folder. */
  async openNotebook(name: string): Promise<void> {
    await this.page.locator('.editor-group-container').first().locator('.tab').first().click();
    await this.page
      .locator('.explorer-viewlet .monaco-list-row', { has: this.page.getByText(name, { exact: true }) })
      .dblclick();
    await this.page.locator('.notebookOverlay .view-line').first().waitFor();
  }

  /** A line of a cell of the notebook that is open. */
  cellLine(text: string | RegExp): Locator {
    return this.page.locator('.notebookOverlay .view-lines .view-line', { hasText: drawn(text) });
  }

  /** Loads the window again, once the editor has written down that the page of a run or sweep is open. */
  async reload(id: string): Promise<void> {
    await this.page.waitForFunction(
      async (run) => {
        // The state that a page keeps, as text in text.
        const state = new RegExp(`run\\\\*":\\\\*"${run}`);
        for (const { name = '' } of await indexedDB.databases()) {
          const values = await new Promise<unknown[]>((resolve) => {
            const opening = indexedDB.open(name);
            opening.onsuccess = () => {
              const [store] = opening.result.objectStoreNames;
              if (store === undefined) {
                resolve([]);
                return;
              }
              const reading = opening.result.transaction(store).objectStore(store).getAll();
              reading.onsuccess = () => {
                opening.result.close();
                resolve(reading.result);
              };
            };
          });
          if (state.test(JSON.stringify(values))) return true;
        }
        return false;
      },
      id,
      { polling: 500 },
    );
    await this.page.reload();
    await this.page.locator('.monaco-workbench .explorer-viewlet .monaco-list-row').first().waitFor();
  }

  /** The text editor; the dashboard stands beside it in a group of its own. */
  get editor(): Locator {
    return this.page.locator('.editor-group-container .editor-instance .monaco-editor').first();
  }

  /** A line of the editor that is in view, by part of its text, hints included. */
  line(text: string | RegExp): Locator {
    return this.editor.locator('.view-lines .view-line', { hasText: drawn(text) });
  }

  /** Moves the text cursor to a line, so that it is in view. */
  async goToLine(line: number, column = 1): Promise<void> {
    await this.editor.locator('.view-line').first().click();
    await this.page.keyboard.press('Control+G');
    await this.#quickInput().fill(`:${line}:${column}`);
    await this.page.keyboard.press('Enter');
    await this.#quickInput().waitFor({ state: 'hidden' });
  }

  lens(text: string | RegExp): Locator {
    return this.editor.locator('.codelens-decoration', { hasText: drawn(text) });
  }

  /** Points at a word of a line, anew until the hover says something like `expected`, and gives what it says. */
  async hover(line: Locator, word: string, expected: RegExp): Promise<string> {
    const hover = this.page.locator('.monaco-hover:visible', { hasText: expected }).first();
    for (let attempt = 0; attempt < 20; attempt++) {
      // Lines move down when the lenses above them arrive, so the word is looked for each time.
      const place = await placeOf(line.first(), word);
      // A hover opens when the pointer moves over a word; one jump is no movement.
      await this.page.mouse.move(place.x - 2, place.y - 40);
      await this.page.mouse.move(place.x, place.y, { steps: 6 });
      if (await isThere(hover)) return hover.innerText();
    }
    throw new Error(`No hover at ${word} says ${String(expected)}`);
  }

  /** Runs a command by its title in the palette, which is opened anew until it knows the command. */
  async command(title: string): Promise<void> {
    const row = this.page.locator('.quick-input-list .monaco-list-row', { hasText: drawn(title) }).first();
    const none = this.page.locator('.quick-input-list .monaco-list-row', { hasNotText: drawn(title) }).first();
    for (let attempt = 0; attempt < 60; attempt++) {
      await this.page.keyboard.press('F1');
      await this.#quickInput().fill(`>${title}`);
      // The palette lists the commands of extensions only once the extension host has them, and does not look again.
      await row.or(none).first().waitFor();
      if (await isThere(row)) return row.click();
      await this.page.keyboard.press('Escape');
      await this.#quickInput().waitFor({ state: 'hidden' });
    }
    throw new Error(`The palette does not know ${title}`);
  }

  /** Chooses a row of the quick pick that is open. */
  async pick(text: string): Promise<void> {
    await this.page
      .locator('.quick-input-list .monaco-list-row', { hasText: drawn(text) })
      .first()
      .click();
  }

  /** A row of the quick pick that is open. */
  row(text: string | RegExp): Locator {
    return this.page.locator('.quick-input-list .monaco-list-row', { hasText: drawn(text) }).first();
  }

  /** Types into the input box that asks something like `prompt`, and accepts it. */
  async answer(prompt: RegExp, text: string): Promise<void> {
    const input = this.#quickInput();
    // One box follows the other in the same place.
    await this.page.locator('.quick-input-widget:visible .quick-input-message', { hasText: drawn(prompt) }).waitFor();
    await input.fill(text);
    await this.page.keyboard.press('Enter');
  }

  /** Types into the input box that is open, in place of what stands there. */
  async type(text: string): Promise<void> {
    await this.#quickInput().fill(text);
  }

  /** What the input box that is open says of what was typed. */
  inputMessage(text: RegExp): Locator {
    return this.page.locator('.quick-input-widget:visible .quick-input-message', { hasText: drawn(text) });
  }

  /** Accepts what was typed. */
  async accept(): Promise<void> {
    await this.#quickInput().press('Enter');
    await this.#quickInput().waitFor({ state: 'hidden' });
  }

  /** Applies the change that the editor's refactor preview shows, after a picture of it. */
  async applyPreview(picture: string): Promise<void> {
    // A message of the run's end has such a button too.
    const apply = this.page.locator('.part.panel').getByRole('button', { name: 'Apply', exact: true });
    await apply.waitFor();
    await this.screenshot(picture);
    await apply.click();
  }

  notification(text: RegExp): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item', { hasText: text });
  }

  /** Opens the notification centre and gives what it holds, those that were hidden after a while included. */
  async notifications(): Promise<readonly string[]> {
    await this.page.keyboard.press('Escape');
    await this.command('Notifications: Show Notifications');
    return this.page.locator('.notifications-center .notification-list-item').allInnerTexts();
  }

  /** What the editor itself says of an extension: how long its activation took, in ms. */
  async activationMs(extension: string): Promise<number> {
    await this.command('Developer: Show Running Extensions');
    const row = this.page.locator('.runtime-extensions-editor .extension', {
      has: this.page.getByText(extension, { exact: true }),
    });
    const words = await row.locator('.activation-time').innerText();
    // Some editors open the list over the window, others as a tab.
    const tab = this.page.locator('.tabs-container .tab', { hasText: /^Running Extensions/ });
    if (await tab.isVisible()) await this.closeTab(/^Running Extensions/);
    else await this.page.keyboard.press('Escape');
    await row.waitFor({ state: 'hidden' });
    return Number(/(\d+)\s*ms/.exec(words)?.[1] ?? NaN);
  }

  /** The page inside the dashboard's panel. */
  get dashboard(): FrameLocator {
    return this.page.frameLocator('iframe.webview.ready').frameLocator('iframe#active-frame');
  }

  /** Closes the editor whose tab has this title. */
  async closeTab(title: RegExp): Promise<void> {
    const tab = this.page.locator('.tabs-container .tab', { hasText: title });
    await tab.click({ button: 'middle' });
    await tab.waitFor({ state: 'hidden' });
  }

  /** Squiggles of severity hint that are in view. */
  get hintProblems(): Locator {
    return this.editor.locator('.squiggly-hint');
  }

  /** Waits until the text cursor stands on a line, by its number. */
  async cursorOnLine(number: number): Promise<void> {
    await this.page.locator('.statusbar-item', { hasText: new RegExp(`Ln ${number}, `) }).waitFor();
  }

  /** Opens the quick-fixes at a word of a line, anew until there is the wanted one, and chooses it. */
  async quickFix(line: Locator, word: string, title: RegExp): Promise<void> {
    const fix = this.page.locator('.action-widget .monaco-list-row', { hasText: title }).first();
    for (let attempt = 0; attempt < 20; attempt++) {
      const place = await placeOf(line.first(), word);
      await this.page.mouse.click(place.x, place.y);
      await this.page.keyboard.press('Control+.');
      if (await isThere(fix)) return fix.click();
      await this.page.keyboard.press('Escape');
    }
    throw new Error(`There is no quick-fix ${String(title)} at ${word}`);
  }

  async save(): Promise<void> {
    await this.page.keyboard.press('Control+S');
    await this.page.locator('.tab.active.dirty').first().waitFor({ state: 'hidden' });
  }

  /** Saves every file that has changed. */
  async saveAll(): Promise<void> {
    await this.command('File: Save All Files');
    await this.page.locator('.tab.dirty').first().waitFor({ state: 'hidden' });
  }

  /** Takes the last change of the active editor back. */
  async undo(): Promise<void> {
    await this.page.keyboard.press('Control+Z');
    await this.changed();
  }

  /**
   * Waits until there is text that is not on disk yet, and gives its editor the keyboard: a webview that was clicked may
   * take it back after the extension has shown the source.
   */
  async changed(): Promise<void> {
    const tab = this.page.locator('.tab.dirty').first();
    await tab.waitFor();
    await tab.click();
    await this.page.locator('.editor-group-container.active .tab.active.dirty').waitFor();
    await this.page.locator('.editor-group-container.active .monaco-editor.focused').waitFor();
  }

  /** An item of the status bar by what it says. */
  statusItem(text: RegExp): Locator {
    return this.page.locator('.statusbar-item', { hasText: drawn(text) });
  }

  /** The item of the status bar that shows a run. */
  get runStatus(): Locator {
    return this.page.locator('.statusbar-item', { hasText: /MorphNet/ });
  }

  /** Keeps a picture of the whole window. */
  async screenshot(name: string): Promise<void> {
    mkdirSync(artifacts, { recursive: true });
    await this.page.screenshot({ path: join(artifacts, `${name}.png`) });
  }

  #quickInput(): Locator {
    return this.page.locator('.quick-input-widget:visible input').first();
  }
}

/** Whether something comes into view in the moment that a list takes to be filtered. */
async function isThere(locator: Locator): Promise<boolean> {
  try {
    await locator.waitFor({ timeout: 1000 });
    return true;
  } catch {
    return false;
  }
}

/** The middle of a word as it is drawn. */
async function placeOf(line: Locator, word: string): Promise<{ readonly x: number; readonly y: number }> {
  const place = await line.evaluate((element, wanted) => {
    const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const start = node.textContent?.indexOf(wanted) ?? -1;
      if (start === -1) continue;
      const range = document.createRange();
      range.setStart(node, start);
      range.setEnd(node, start + wanted.length);
      const { left, top, width, height } = range.getBoundingClientRect();
      return { x: left + width / 2, y: top + height / 2 };
    }
    return undefined;
  }, word);
  if (place === undefined) throw new Error(`"${word}" is not in the line`);
  return place;
}
