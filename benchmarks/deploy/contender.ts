/** Somebody's way to deploy a program behind a proxy. */
export interface Contender {
  readonly name: string;
  /** Serves release 0, with its files in a directory of its own. */
  open(directory: string): Promise<Deployed>;
}

export interface Deployed extends AsyncDisposable {
  /** Where clients ask, all the time. */
  readonly port: number;
  /** Resolves once nothing but this release runs. */
  deploy(release: number): Promise<void>;
}
