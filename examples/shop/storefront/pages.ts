/** The shop's pages as HTML text. */

export interface Product {
  readonly id: string;
  readonly name: string;
  readonly maker: string;
  readonly priceCents: number;
  readonly description: string;
}
export interface PricedCart {
  readonly lines: readonly {
    readonly id: string;
    readonly name: string;
    readonly quantity: number;
    readonly totalCents: number;
  }[];
  readonly totalCents: number;
}
export interface Order extends PricedCart {
  readonly number: string;
  readonly name: string;
}

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => entities[character]!);
const euros = (cents: number): string => `€ ${(cents / 100).toFixed(2)}`;

export function page(title: string, cartCount: number, main: string): string {
  const cart = cartCount === 0 ? "Cart" : `Cart <b>${cartCount}</b>`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)} · Stylobate</title>
<link rel="stylesheet" href="/assets/shop.css">
<link rel="icon" href="/assets/images/mug.svg">
</head>
<body>
<header><a class="brand" href="/">Stylobate</a><span>Things for a quiet table</span><nav><a href="/cart">${cart}</a></nav></header>
<main>${main}</main>
<footer>A demonstration: nothing is sold, no money moves.</footer>
</body>
</html>
`;
}

const picture = (id: string): string =>
  `<img src="/assets/images/${id}.svg" alt="" width="320" height="320">`;

export function homePage(products: readonly Product[], cartCount: number): string {
  const cards = products.map(
    ({ id, name, maker, priceCents }) => `
<li><a href="/products/${id}">${picture(id)}<b>${escape(name)}</b><small>${escape(maker)}</small><i>${euros(priceCents)}</i></a></li>`,
  );
  return page(
    "Things for a quiet table",
    cartCount,
    `<h1>Nine good things</h1><ul class="grid">${cards.join("")}</ul>`,
  );
}

export function productPage(product: Product, others: readonly Product[], cartCount: number): string {
  const beside = others.map(
    ({ id, name, priceCents }) =>
      `<li><a href="/products/${id}">${picture(id)}<b>${escape(name)}</b><i>${euros(priceCents)}</i></a></li>`,
  );
  const section =
    beside.length === 0
      ? ""
      : `<section class="beside"><h2>Goes well with it</h2><ul class="grid">${beside.join("")}</ul></section>`;
  return page(
    product.name,
    cartCount,
    `<article class="product">${picture(product.id)}<div>
<h1>${escape(product.name)}</h1><p class="maker">by ${escape(product.maker)}</p>
<p>${escape(product.description)}</p><p class="price">${euros(product.priceCents)}</p>
<form method="post" action="/cart/add"><input type="hidden" name="id" value="${product.id}"><button>Add to cart</button></form>
<p><a href="/">Back to the shelf</a></p></div></article>${section}`,
  );
}

const change = (id: string, by: number, label: string): string =>
  `<form method="post" action="/cart/change"><input type="hidden" name="id" value="${id}"><input type="hidden" name="by" value="${by}"><button class="small" aria-label="${label}">${by > 0 ? "+" : "−"}</button></form>`;

function rows(cart: PricedCart, editable: boolean): string {
  const body = cart.lines.map(({ id, name, quantity, totalCents }) => {
    const label = escape(name);
    const count = editable
      ? `${change(id, -1, `One ${label} fewer`)}<span>${quantity}</span>${change(id, 1, `One ${label} more`)}`
      : `<span>${quantity}</span>`;
    return `<tr><th scope="row"><a href="/products/${id}">${label}</a></th><td class="count">${count}</td><td>${euros(totalCents)}</td></tr>`;
  });
  return `<table>${body.join("")}<tr class="total"><th scope="row">Total</th><td></td><td>${euros(cart.totalCents)}</td></tr></table>`;
}

export interface CartView {
  readonly cart: PricedCart;
  readonly count: number;
  /** Said above the cart, when the shop cannot keep it as it should. */
  readonly notice?: string | undefined;
  readonly problem?: string | undefined;
  readonly name?: string | undefined;
}

const noticeOf = (text: string | undefined): string =>
  text === undefined ? "" : `<div class="notice" role="status">${escape(text)}</div>`;

export function cartPage({ cart, count, notice }: CartView): string {
  const main =
    cart.lines.length === 0
      ? `<p>Nothing in it yet.</p><p><a href="/">To the shelf</a></p>`
      : `${rows(cart, true)}<p><a class="button" href="/checkout">Check out</a> <a href="/">Keep looking</a></p>`;
  return page("Cart", count, `<h1>Your cart</h1>${noticeOf(notice)}${main}`);
}

export function checkoutPage({ cart, count, notice, problem, name = "" }: CartView): string {
  const refused =
    problem === undefined
      ? ""
      : `<div class="notice" role="alert"><b>${escape(problem)}</b> Nothing was charged and your cart is as it was. Trying again usually works.</div>`;
  return page(
    "Check out",
    count,
    `<h1>Check out</h1>${noticeOf(notice)}${refused}${rows(cart, false)}
<form class="checkout" method="post" action="/checkout">
<label for="name">Who is it for?</label><input id="name" name="name" value="${escape(name)}" maxlength="80" autocomplete="name" required>
<button>Pay ${euros(cart.totalCents)}</button></form>`,
  );
}

export function orderPage(order: Order): string {
  return page(
    `Order ${order.number}`,
    0,
    `<h1>Thank you, ${escape(order.name)}</h1>
<p>Your order <b>${escape(order.number)}</b> is on its way to the bench where things are wrapped.</p>
${rows(order, false)}<p><a href="/">Back to the shelf</a></p>`,
  );
}

export function problemPage(title: string, sentence: string, cartCount: number): string {
  return page(
    title,
    cartCount,
    `<h1>${escape(title)}</h1><p>${escape(sentence)}</p><p><a href="/">To the shelf</a></p>`,
  );
}
