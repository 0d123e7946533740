import { watchService } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { refusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";
import { WatchStream } from "./watch-stream.ts";

export function watchImplementation(serving: Serving): Implementation[] {
  return [
    implement(watchService.watch, (call) => {
      const stream = new WatchStream(serving, call);
      const stop = (): void => stream.end(refusal("stopped"));
      const leave = (): void => stream.end();
      serving.stopping.addEventListener("abort", stop, { once: true });
      call.signal.addEventListener("abort", leave, { once: true });
      stream.onEnd = () => {
        serving.stopping.removeEventListener("abort", stop);
        call.signal.removeEventListener("abort", leave);
      };
      void stream.follow(call.requests);
      return stream;
    }),
  ];
}
