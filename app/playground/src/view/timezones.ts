/** The timezones there are to choose from. */
import { element } from "./element.ts";

const DEFAULT = "UTC";

/** UTC, the reader's own, then all that the browser knows, by region. */
export function fillTimezones(select: HTMLSelectElement): void {
  const own = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  select.append(option(DEFAULT));
  const names = Intl.supportedValuesOf("timeZone").filter((name) => name !== DEFAULT);
  if (own !== DEFAULT && names.includes(own)) select.append(option(own, `${own} (yours)`));
  const regions = Map.groupBy(names, (name) => (name.includes("/") ? name.split("/", 1)[0]! : "Others"));
  for (const [region, members] of regions) {
    const group = element("optgroup", "", ...members.map((name) => option(name)));
    group.label = region;
    select.append(group);
  }
}

/** One that is not offered is UTC. */
export function chooseTimezone(select: HTMLSelectElement, name: string): void {
  select.value = name;
  if (select.selectedIndex === -1) select.value = DEFAULT;
}

function option(name: string, label: string = name): HTMLOptionElement {
  const made = element("option", "", label);
  made.value = name;
  return made;
}
