/** Connections and bytes of one side of the proxy. */
export class TcpCounts {
  openTotal = 0;
  closeTotal = 0;
  readBytes = 0;
  writeBytes = 0;

  get open(): number {
    return this.openTotal - this.closeTotal;
  }

  opened(): void {
    this.openTotal++;
  }

  closed(): void {
    this.closeTotal++;
  }
}
