// The process that computes: Python with PyTorch, alone or as several started by torchrun. Frames go over a local socket that only
// who knows the token may use; what the process says on its error output is kept for the sentence that explains its end.

import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { torchrunWords, type Machines } from '../../../protocol/torchrun.ts';
import { EngineUnavailable } from '../engine-unavailable.ts';

/** A frame of a header and numbers as they lie in memory. */
export interface Frame {
  readonly header: Readonly<Record<string, unknown>>;
  readonly body: Buffer;
}

export interface WorkerProgram {
  readonly python: string;
  /** torch_engine.py; morphnet_torch.py lies beside it. */
  readonly script: string;
  /** Threads of each process. */
  readonly threads: number;
  readonly processes: number;
  /** Where further machines take part. */
  readonly machines?: Machines | undefined;
}

/** Said when the process ends before it should; the run goes on from its last checkpoint. */
export class WorkerEnded extends Error {
  readonly code = 'worker-ended';
}

/** Longer than the import of PyTorch takes on a slow disk, in milliseconds. */
const patience = 180_000;
/** So long it may take to end, in milliseconds: torchrun looks at its processes every few seconds. */
const goodbyeMs = 10_000;
/** So much of the error output is kept. */
const keptOutput = 4000;

export class Worker {
  readonly #child: ChildProcess;
  readonly #server: Server;
  #socket: Socket | undefined;
  #received: Buffer[] = [];
  #waiting: { readonly resolve: (frame: Frame) => void; readonly reject: (error: Error) => void } | undefined;
  #ended: Error | undefined;
  #output = '';

  private constructor(child: ChildProcess, server: Server) {
    this.#child = child;
    this.#server = server;
    child.stderr?.on('data', (text: Buffer) => {
      this.#output = (this.#output + text.toString()).slice(-keptOutput);
    });
  }

  /** Starts it and waits until it has loaded PyTorch. Rejects with `EngineUnavailable` when it can't. */
  static async start({ python, script, threads, processes, machines }: WorkerProgram): Promise<Worker> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const token = randomUUID();
    const child = spawn(python, [...torchrunWords(processes, machines), script], {
      cwd: dirname(script),
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        PYTHONDONTWRITEBYTECODE: '1',
        MORPHNET_TORCH_ENGINE: `${String(port)}:${token}`,
        MORPHNET_TORCH_THREADS: String(threads),
        OMP_NUM_THREADS: String(threads),
      },
    });
    const worker = new Worker(child, server);
    try {
      await worker.#connected(token);
    } catch (error) {
      worker.#end();
      throw new EngineUnavailable(
        error instanceof Error ? error.message : String(error),
        'Name a Python with PyTorch in the setting morphnet.training.python, or in MORPHNET_PYTHON.',
      );
    }
    return worker;
  }

  /** Asks and waits for the answer; one question at a time. Rejects with `WorkerEnded` when the process is gone. */
  async ask(
    header: Readonly<Record<string, unknown>>,
    numbers: readonly (Float32Array | Int32Array)[] = [],
  ): Promise<Frame> {
    if (this.#ended !== undefined) throw this.#ended;
    const body = Buffer.concat(
      numbers.map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
    );
    const text = Buffer.from(JSON.stringify({ ...header, bytes: body.length }));
    const size = Buffer.alloc(4);
    size.writeUInt32LE(text.length);
    const answer = new Promise<Frame>((resolve, reject) => (this.#waiting = { resolve, reject }));
    this.#socket?.write(Buffer.concat([size, text, body]));
    const frame = await answer;
    const { error } = frame.header;
    if (typeof error === 'string') throw await this.#failed(error);
    return frame;
  }

  /** What stopped it: it says so itself and ends. Of several processes torchrun then says which one ended first, and by what. */
  async #failed(error: string): Promise<WorkerEnded> {
    await Promise.race([this.#gone(), new Promise((resolve) => setTimeout(resolve, goodbyeMs))]);
    const signal = /Signal \d+ \((\w+)\)/.exec(this.#output)?.[1];
    const reason = signal === undefined ? (error.split('\n')[0] ?? error) : `a process was ended by ${signal}`;
    const ended = new WorkerEnded(`PyTorch: ${reason}`);
    this.#ended = ended;
    this.#end();
    return ended;
  }

  #gone(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return Promise.resolve();
    return new Promise((resolve) => this.#child.once('exit', () => resolve()));
  }

  async close(): Promise<void> {
    const gone = this.#gone();
    this.#ended ??= new WorkerEnded('PyTorch’s process was ended');
    this.#socket?.end();
    this.#server.close();
    const impatient = setTimeout(() => this.#child.kill('SIGKILL'), goodbyeMs);
    await gone;
    clearTimeout(impatient);
  }

  #connected(token: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => {
        reject(new Error(`it did not answer within ${String(patience / 1000)} seconds`));
      }, patience);
      this.#child.once('error', (error) => {
        this.#fail(error.message);
        reject(error);
      });
      this.#child.once('exit', (code, signal) => {
        this.#fail(`ended with ${signal ?? `status ${String(code)}`}`);
        reject(this.#ended ?? new Error('it ended'));
      });
      this.#server.on('connection', (socket) => {
        if (this.#socket !== undefined) {
          socket.destroy();
          return;
        }
        socket.setNoDelay(true);
        // Others of this machine may knock; they don't know the token.
        this.#waiting = {
          resolve: ({ header }) => {
            clearTimeout(late);
            if (header['token'] === token) resolve();
            else reject(new Error('somebody else answered'));
          },
          reject,
        };
        this.#socket = socket;
        socket.on('data', (data: Buffer) => {
          this.#received.push(data);
          this.#take();
        });
        socket.on('error', () => undefined);
        socket.on('close', () => {
          // The process's own end says more, where it comes.
          setTimeout(() => {
            this.#fail('closed the connection');
          }, 2000).unref();
        });
      });
    });
  }

  #take(): void {
    let data = this.#received.length === 1 ? (this.#received[0] ?? Buffer.alloc(0)) : Buffer.concat(this.#received);
    this.#received = [data];
    if (data.length < 4) return;
    const headerEnd = 4 + data.readUInt32LE(0);
    if (data.length < headerEnd) return;
    const header: unknown = JSON.parse(data.toString('utf8', 4, headerEnd));
    if (typeof header !== 'object' || header === null) return;
    const fields = Object.fromEntries(Object.entries(header));
    const bodyEnd = headerEnd + Number(fields['bytes'] ?? 0);
    if (data.length < bodyEnd) return;
    // A copy begins where numbers may.
    const body = Buffer.from(Uint8Array.prototype.slice.call(data, headerEnd, bodyEnd).buffer);
    data = data.subarray(bodyEnd);
    this.#received = data.length === 0 ? [] : [data];
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve({ header: fields, body });
  }

  #fail(what: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = new WorkerEnded(`PyTorch’s process ${what}${saidLast(this.#output)}`);
    this.#waiting?.reject(this.#ended);
    this.#waiting = undefined;
    this.#end();
  }

  #end(): void {
    this.#child.kill();
    this.#server.close();
    this.#socket?.destroy();
  }
}

/** The last line that tells something, which Python and torchrun write at the end. */
function saidLast(output: string): string {
  const lines = output.split('\n').map((line) => line.trim());
  const last =
    lines.findLast((line) => /^(\w+(\.\w+)*)?(Error|Exception|Interrupt)\b/.test(line)) ??
    lines.findLast((line) => /exitcode|Signal/.test(line)) ??
    lines.findLast((line) => line !== '');
  return last === undefined ? '' : `: ${last}`;
}
