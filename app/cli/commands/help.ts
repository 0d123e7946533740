import type { Context } from "../command.ts";
import { findCommand } from "../command-table.ts";
import { UsageFault } from "../exit-code.ts";
import { helpText } from "../help.ts";
import { referenceMarkdown } from "../reference.ts";

export async function run(context: Context): Promise<void> {
  const { output } = context;
  if (context.is("markdown")) return output.stdout.write(referenceMarkdown());
  const words = context.many("COMMAND");
  const found = findCommand(words);
  if (words.length > 0 && found?.length !== words.length) {
    throw new UsageFault(`There is no command "${words.join(" ")}"`, []);
  }
  output.stdout.write(helpText(words, output.stdout));
}
