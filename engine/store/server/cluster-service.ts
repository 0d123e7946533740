import { clusterService, type Member, type ResponseHeader } from "@plinth/etcd";
import { implement, type Implementation } from "@plinth/grpc";
import { refusal } from "./refusal.ts";
import type { Serving } from "./serving.ts";

/** A cluster of one that stays one: changes are refused with what etcd says when there are too few members. */
export function clusterImplementation({ member }: Serving): Implementation[] {
  const { memberId, name, peerUrls, clientUrls } = member.options;
  const self: Member = { id: memberId, name, peerUrls, clientUrls, isLearner: false };
  // The members' own revision is not that of keys, so etcd leaves it out here.
  const header = (): ResponseHeader => member.header(0);
  const checkKnown = (id: bigint): void => {
    if (id !== memberId) throw refusal("memberNotFound");
  };
  const checkUrls = (urls: readonly string[]): void => {
    const wellFormed = (url: string): boolean => /^https?:\/\/[^/]+:\d+$/.test(url);
    if (urls.length === 0 || !urls.every(wellFormed)) throw refusal("memberBadUrls");
  };
  return [
    implement(clusterService.list, async (call) => {
      await call.request();
      return { header: header(), members: [self] };
    }),
    implement(clusterService.add, async (call) => {
      checkUrls((await call.request()).peerUrls);
      throw refusal("membersNotEnough");
    }),
    implement(clusterService.remove, async (call) => {
      checkKnown((await call.request()).id);
      throw refusal("membersNotEnough");
    }),
    implement(clusterService.update, async (call) => {
      const { id, peerUrls: urls } = await call.request();
      checkUrls(urls);
      checkKnown(id);
      throw refusal("membersNotEnough");
    }),
    implement(clusterService.promote, async (call) => {
      checkKnown((await call.request()).id);
      throw refusal("memberNotLearner");
    }),
  ];
}
