// What a Worker of the user's imports, and what the library's own consists of.
import './worker/worker'
