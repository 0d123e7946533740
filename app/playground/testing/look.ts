/** What a test looks for on a page; each runs in the page, which sees nothing outside the function. */

/** Controls, editors and regions without a name, in shadow trees, too. */
export function namelessControls(): string[] {
  const nameless: string[] = [];
  const look = (root: Document | ShadowRoot): void => {
    for (const element of root.querySelectorAll<HTMLElement>("*")) {
      if (element.shadowRoot !== null) look(element.shadowRoot);
      if (!element.matches("a[href], button, select, input, textarea, summary, [role], [tabindex='0']"))
        continue;
      if (["presentation", "none", "status"].includes(element.role ?? "")) continue;
      if (element.closest("[aria-hidden=true]") !== null) continue;
      const labels = "labels" in element ? [...(element.labels as NodeListOf<HTMLElement>)] : [];
      const named = [element.ariaLabel, element.title, ...labels.map((label) => label.textContent)];
      const isNamedByText = !element.matches("select, input, textarea, [role=textbox], [role=region]");
      if (isNamedByText) named.push(element.textContent);
      if (!named.some((name) => (name ?? "").trim() !== "")) nameless.push(element.outerHTML.slice(0, 120));
    }
  };
  look(document);
  return nameless;
}

/** The texts whose contrast with what is behind them is less than WCAG's AA asks; what is dimmed as stale aside. */
export function faintTexts(): string[] {
  const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
  const luminance = ([red = 0, green = 0, blue = 0]: number[]): number => {
    const [r = 0, g = 0, b = 0] = [red, green, blue].map((value) => {
      const share = value / 255;
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const above = (node: Element): Element | null => {
    const root = node.getRootNode();
    return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
  };
  const behind = (start: Element): number[] => {
    for (let node: Element | null = start; node !== null; node = above(node)) {
      const color = channels(getComputedStyle(node).backgroundColor);
      if (color.length === 3 || color[3] === 1) return color;
    }
    return [255, 255, 255];
  };
  const faint: string[] = [];
  const look = (root: Document | ShadowRoot): void => {
    for (const element of root.querySelectorAll("body *, .cm-editor *")) {
      if (element.shadowRoot !== null) look(element.shadowRoot);
      const hasText = [...element.childNodes].some(
        (node) => node.nodeType === 3 && node.textContent?.trim() !== "",
      );
      if (!hasText || element.closest("option, style, script, noscript") !== null) continue;
      const [text, ground] = [
        luminance(channels(getComputedStyle(element).color)),
        luminance(behind(element)),
      ];
      const contrast = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
      if (contrast < 4.5) faint.push(`${element.textContent?.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
  };
  look(document);
  return faint;
}
