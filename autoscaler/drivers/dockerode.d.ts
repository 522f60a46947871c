/** What the docker driver uses of the library, which brings no types, as the Engine API documents it. */
declare module 'dockerode' {
  interface Inspected {
    readonly Image: string;
    readonly Config: Readonly<Record<string, unknown>>;
    readonly HostConfig: Readonly<Record<string, unknown>> & { readonly NetworkMode: string };
    readonly NetworkSettings: { readonly Networks: Readonly<Record<string, unknown>> };
  }

  interface Container {
    inspect(): Promise<Inspected>;
    start(): Promise<unknown>;
    kill(options: { readonly signal: string }): Promise<unknown>;
    remove(): Promise<unknown>;
  }

  interface Summary {
    readonly Id: string;
    /** Each begins with a slash. */
    readonly Names: readonly string[];
    readonly State: string;
    /** Seconds since 1970. */
    readonly Created: number;
    readonly Labels: Readonly<Record<string, string>>;
    readonly NetworkSettings: { readonly Networks: Readonly<Record<string, { readonly IPAddress: string }>> };
  }

  export default class Docker {
    constructor(options: { readonly socketPath: string; readonly timeout: number });
    listContainers(options: {
      readonly all: boolean;
      readonly filters: Readonly<Record<string, readonly string[]>>;
    }): Promise<readonly Summary[]>;
    createContainer(options: Readonly<Record<string, unknown>> & { readonly name: string }): Promise<Container>;
    getContainer(id: string): Container;
  }

  export type { Container, Inspected, Summary };
}
