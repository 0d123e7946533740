import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { ClusterProvider } from "./session.tsx";
import { Shell } from "./shell.tsx";
import "./style.css";
import { applyTheme } from "./theme.ts";

applyTheme();
createRoot(document.querySelector("#root")!).render(
  <StrictMode>
    <ClusterProvider>
      <Shell />
    </ClusterProvider>
  </StrictMode>,
);
