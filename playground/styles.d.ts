// Stylesheets that Vite bundles.
declare module '*.css'
