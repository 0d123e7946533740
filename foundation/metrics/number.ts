/** A number that only grows. Hot paths add to it without allocating. */
export class Counter {
  value = 0;

  increment(by = 1): void {
    this.value += by;
  }
}

/** A number that goes up and down. */
export class Gauge {
  value = 0;

  add(by: number): void {
    this.value += by;
  }

  set(value: number): void {
    this.value = value;
  }
}
