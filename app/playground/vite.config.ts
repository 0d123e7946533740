import { defineConfig, type UserConfig } from "vite";

const config: UserConfig = defineConfig({
  // Relative addresses: the page can lie in any folder of any server.
  base: "./",
  worker: {
    format: "es",
    // A name that a server's rules can tell, see `workerContentSecurityPolicy`.
    rolldownOptions: { output: { entryFileNames: "assets/worker-[hash].js" } },
  },
  build: {
    target: "es2023",
    // The Content-Security-Policy allows nothing inline and no data: addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    sourcemap: false,
    // The standard library is one file that only the worker loads.
    chunkSizeWarningLimit: 2000,
  },
});

export default config;
