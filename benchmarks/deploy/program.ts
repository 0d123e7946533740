/** What is deployed by all contenders: a small program that takes a moment for an answer and ends as it should. */

/** So that some requests are under way whenever a program is told to end. */
const WORK_MS = 10;

/** How a release is told from another. */
export const answerOf = (release: number): string => `Hello from release ${release} behind a proxy.\n`;

/** Takes HOST and PORT; once told to end, it answers what it has begun and takes nothing more. */
export const programOf = (release: number): string => `import { createServer } from "node:http";
const answer = ${JSON.stringify(answerOf(release))};
const server = createServer((_, response) => {
  response.setHeader("content-length", answer.length);
  setTimeout(() => response.end(answer), ${WORK_MS});
});
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => {
  server.close(() => process.exit(0));
  server.closeIdleConnections();
});
`;
