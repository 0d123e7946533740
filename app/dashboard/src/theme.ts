/** Dark, light, or as the system says. */
import { useState } from "react";

const KEY = "plinth-theme";
export type Theme = "system" | "light" | "dark";
const themes: readonly Theme[] = ["system", "light", "dark"];

function stored(): Theme {
  try {
    return themes.find((theme) => theme === localStorage.getItem(KEY)) ?? "system";
  } catch {
    // Storage can be forbidden; the system's choice is then kept.
    return "system";
  }
}

export function applyTheme(theme: Theme = stored()): void {
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}

export function useTheme(): { readonly theme: Theme; readonly next: () => void } {
  const [theme, setTheme] = useState(stored);
  const next = (): void => {
    const following = themes[(themes.indexOf(theme) + 1) % themes.length]!;
    try {
      localStorage.setItem(KEY, following);
    } catch {
      // Kept for this page only.
    }
    applyTheme(following);
    setTheme(following);
  };
  return { theme, next };
}
