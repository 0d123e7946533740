/** JSON schemas by the names of their files, for examples and tests. */
export const orderSchemas: Readonly<Record<string, object>> = {
  "order.schema.json": {
    type: "object",
    required: ["id"],
    properties: {
      id: { type: "integer", minimum: 1 },
      email: { type: "string", format: "email" },
      state: { enum: ["open", "paid"] },
      items: {
        type: "array",
        items: { type: "string", minLength: 2, pattern: "^[a-z]+$" },
        maxItems: 2,
        uniqueItems: true,
      },
    },
    additionalProperties: false,
  },
  "odd.schema.json": { type: "string", format: "house-number" },
};
