export interface Product {
  readonly id: string;
  readonly name: string;
  readonly maker: string;
  readonly priceCents: number;
  readonly description: string;
}

export const products: readonly Product[] = [
  {
    id: "mug",
    name: "Morning mug",
    maker: "Ines Kahl",
    priceCents: 2400,
    description:
      "Stoneware with a thumb rest where your thumb already is. Holds 300 ml and a grudge-free start.",
  },
  {
    id: "teapot",
    name: "Round teapot",
    maker: "Studio Ondo",
    priceCents: 6800,
    description: "Pours without a drip. The lid stays on to the last cup, which is the whole point of a lid.",
  },
  {
    id: "lamp",
    name: "Reading lamp",
    maker: "Lichthaus",
    priceCents: 12900,
    description: "Warm light on the page and none in your eyes. Steel, one joint, a switch that clicks.",
  },
  {
    id: "notebook",
    name: "Cloth notebook",
    maker: "Papier Dorn",
    priceCents: 1600,
    description: "Lies flat at every page. 160 sheets of paper that ink likes, sewn, bound in linen.",
  },
  {
    id: "planter",
    name: "Low planter",
    maker: "Ines Kahl",
    priceCents: 3900,
    description:
      "Terracotta with a saucer that belongs to it. The plant in the picture is patient and included.",
  },
  {
    id: "clock",
    name: "Quiet clock",
    maker: "Werk Acht",
    priceCents: 8400,
    description:
      "Beech and brass, a sweeping hand, no tick. You will notice when it stops; it does not stop.",
  },
  {
    id: "vase",
    name: "Tall vase",
    maker: "Studio Ondo",
    priceCents: 5200,
    description: "For one branch. Heavy at the foot, so a cat may pass.",
  },
  {
    id: "bowl",
    name: "Nesting bowls",
    maker: "Ines Kahl",
    priceCents: 4600,
    description: "Three bowls that take the room of one. Dishwasher, oven, everyday.",
  },
  {
    id: "candle",
    name: "Evening candle",
    maker: "Wachsraum",
    priceCents: 2900,
    description: "Forty hours of cedar and smoke. The tin is a good tin afterwards.",
  },
];
