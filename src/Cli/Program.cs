using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using ZarrCache.Cli.Commands;

namespace ZarrCache.Cli;

internal static class Program
{
    /// <summary>How long a command that was asked to end may take to write what it has fetched.</summary>
    private static readonly TimeSpan DrainTime = TimeSpan.FromMinutes(1);

    public static Task<int> Main(string[] args)
    {
        PooledMemory.Configure();
        return RunAsync(args, Console.Out, Console.Error, CancellationToken.None);
    }

    /// <summary>Runs a command line with the given outputs; Ctrl-C and requests to terminate end it as <paramref name="ct"/> does.</summary>
    internal static async Task<int> RunAsync(string[] args, TextWriter output, TextWriter error, CancellationToken ct)
    {
        ParseResult parsed = CreateRoot().Parse(args);
        if (parsed.Action is ParseErrorAction && args.Length > 0)
        {
            string command = parsed.CommandResult.Command is RootCommand ? "" : parsed.CommandResult.Command.Name + " ";
            await error.WriteLineAsync($"zarr-cache: {Messages.OneLine(parsed.Errors[0].Message)} See 'zarr-cache {command}--help'.");
            return ExitStatus.Failed;
        }

        return await parsed.InvokeAsync(
            new InvocationConfiguration { Output = output, Error = error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = DrainTime },
            ct);
    }

    internal static RootCommand CreateRoot()
    {
        var root = new RootCommand("Keeps the chunks of Zarr datasets on the local disk, within a size, and serves them from there.")
        {
            CommonOptions.Json,
            CommonOptions.Verbose,
            DemoCommand.Create(),
            DemoReaderCommand.Create(),
            WarmCommand.Create(),
            ServeCommand.Create(),
            StatsCommand.Create(),
            LsCommand.Create(),
            PinCommand.Create(),
            UnpinCommand.Create(),
            QuotaCommand.Create(),
            ClearCommand.Create(),
            VerifyCommand.Create(),
        };
        HelpOption help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples(
            (HelpAction)help.Action!,
            [
                "zarr-cache demo",
                "zarr-cache warm https://data.example.org/era5.zarr --store era5 --cache ~/zarr --max-size 50GiB",
                "zarr-cache stats --cache ~/zarr",
            ]);
        return root;
    }
}
