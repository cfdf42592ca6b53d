using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ZarrCache.Cli;

/// <summary>A command whose help ends with examples; they would clutter the list of commands if its description had them.</summary>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples { get; } = examples;
}

/// <summary>The library's help, then the examples of the command.</summary>
internal sealed class HelpWithExamples(HelpAction help, IReadOnlyList<string> rootExamples) : SynchronousCommandLineAction
{
    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int status = help.Invoke(parseResult);
        IReadOnlyList<string> examples = parseResult.CommandResult.Command is ExampleCommand command ? command.Examples : rootExamples;
        if (examples.Count > 0)
        {
            TextWriter output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (string example in examples)
            {
                output.WriteLine("  " + example);
            }

            output.WriteLine();
        }

        return status;
    }
}
