/** Programs that read pages for others: search engines, feed readers, previews. */
import { type Agent, containsAny } from "./agent.ts";

interface Crawler {
  readonly name: string;
  /** One of these is in the text… */
  readonly any?: readonly string[];
  /** …and one of these, too. */
  readonly also?: readonly string[];
  /** Or the text begins with this, or is it. */
  readonly start?: string;
  readonly is?: string;
}

/** The first that matches counts. */
const crawlers: readonly Crawler[] = [
  { name: "Googlebot Mobile", any: ["compatible; Googlebot-Mobile"] },
  { name: "Googlebot", any: ["compatible; Googlebot"] },
  { name: "AdsBot-Google-Mobile", any: ["compatible; AdsBot-Google-Mobile;"] },
  { name: "AdsBot-Google", start: "AdsBot-Google" },
  { name: "Googlebot", any: ["Googlebot-Image/"] },
  { name: "Google Mediapartners", any: ["compatible; Mediapartners-Google"], is: "Mediapartners-Google" },
  { name: "Google Feedfetcher", any: ["Feedfetcher-Google;"] },
  { name: "Google AppEngine", any: ["AppEngine-Google"] },
  { name: "Google Web Preview", any: ["Google Web Preview"] },
  { name: "Yahoo! Slurp", any: ["compatible; Yahoo! Slurp"] },
  {
    name: "Yahoo! Japan",
    any: ["Yahoo", "help.yahoo.co.jp/help/jp/", "listing.yahoo.co.jp/support/faq/"],
    also: [
      "YahooFeedSeekerJp",
      "YahooFeedSeekerBetaJp",
      "crawler (http://listing.yahoo.co.jp/support/faq/",
      "crawler (http://help.yahoo.co.jp/help/jp/",
      "Y!J-BRZ/YATSHA crawler",
      "Y!J-BRY/YATSH crawler",
    ],
  },
  { name: "Yahoo! Pipes", any: ["Yahoo Pipes"] },
  { name: "msnbot", any: ["msnbot"] },
  { name: "bingbot", any: ["compatible; bingbot"] },
  { name: "BingPreview", any: ["BingPreview"] },
  { name: "Baiduspider", any: ["compatible; Baiduspider", "Baiduspider+", "Baiduspider-image+"] },
  {
    name: "Naver Yeti",
    any: ["Yeti"],
    also: [
      "http://help.naver.com/robots",
      "http://help.naver.com/support/robots.html",
      "http://naver.me/bot",
    ],
  },
  { name: "Google FeedBurner", any: ["FeedBurner/"] },
  { name: "facebook", any: ["facebookexternalhit"] },
  { name: "twitter", any: ["Twitterbot/"] },
  {
    name: "goo",
    any: ["ichiro"],
    also: ["http://help.goo.ne.jp/door/crawler.html", "compatible; ichiro/mobile goo;"],
  },
  { name: "goo", any: ["gooblogsearch/"] },
  { name: "Apple iCloud", any: ["Apple-PubSub"] },
  { name: "salesforce radian6", any: ["(www.radian6.com/crawler)"] },
  { name: "Genieo Web Filter", any: ["Genieo/"] },
  { name: "topsy Butterfly", any: ["labs.topsy.com/butterfly/"] },
  { name: "SeoMoz rogerbot", any: ["rogerbot/1.0 (http://www.seomoz.org/dp/rogerbot"] },
  { name: "ahref AhrefsBot", any: ["compatible; AhrefsBot/"] },
  { name: "livedoor FeedFetcher", any: ["livedoor FeedFetcher", "Fastladder FeedFetcher"] },
  { name: "Hatena", any: ["Hatena Antenna", "Hatena Pagetitle Agent", "Hatena Diary RSS"] },
  { name: "mixi", any: ["mixi-check", "mixi-crawler", "mixi-news-crawler"] },
  { name: "Indy Library", any: ["compatible; Indy Library"] },
  { name: "trendiction", any: ["trendictionbot"] },
];

export function isCrawler(text: string, agent: Agent): boolean {
  const crawler = crawlers.find(({ any, also, start, is }) => {
    if (is === text || (start !== undefined && text.startsWith(start))) return true;
    return any !== undefined && containsAny(text, any) && (also === undefined || containsAny(text, also));
  });
  if (crawler === undefined) return false;
  agent.name = crawler.name;
  agent.category = "crawler";
  return true;
}
