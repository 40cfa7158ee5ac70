import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

// The page of the desktop app and of the daemon's web UI. Relative addresses, because the one is
// served from app:// and the other from http://127.0.0.1; nothing inline, because the content
// security policy allows none.
export default defineConfig({
  root: 'src/renderer',
  base: './',
  plugins: [react()],
  build: {
    outDir: '../../dist/renderer',
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // light-dark() and nesting without a workaround.
    target: ['chrome125', 'firefox128', 'safari17.5'],
    reportCompressedSize: false,
    // What is sent is compressed; test/browser holds it under 400 kB.
    chunkSizeWarningLimit: 1500,
  },
});
