// Subpath `kubeflect/streams`: runs commands in containers, reads and writes their files, and connects to ports of pods, over WebSockets.

export type { HandshakeParts, StreamClient } from './http/handshake'
export type { OpenSocket, Socket, SocketRequest } from './socket/socket'
export { CommandError, isCommandError, isStreamOverflowError, StreamOverflowError } from './streams/errors'
export { type AttachOptions, attach, type ExecOptions, exec, type PodTarget } from './streams/exec'
export { ExitError, isExitError } from './streams/exit-error'
export { type FileTarget, readFile, writeFile } from './streams/file'
export { type ConnectPortOptions, connectPort, type PortConnection } from './streams/port'
export type { ExecProcess, InteractiveProcess, TerminalSize } from './streams/process'
export { type CommandResult, type RunCommandOptions, runCommand } from './streams/run'
