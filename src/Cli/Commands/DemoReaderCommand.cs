using System.CommandLine;
using ZarrCache.Cli.Demo;

namespace ZarrCache.Cli.Commands;

/// <summary>The demo's second process; not for people, and hidden from the help.</summary>
internal static class DemoReaderCommand
{
    private static readonly Argument<string> Origin = new("ORIGIN");

    public static Command Create()
    {
        var command = new Command(SecondProcess.CommandName, "Reads the sample once through a cache, for the demo.") { Origin, CommonOptions.Cache };
        command.Hidden = true;
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        PassResult result = await DatasetPass.RunAsync("", cache, context.Get(Origin)!, DemoSample.Load(), null, ct);
        context.WriteJson(result, CliJson.Documents.PassResult);
        return ExitStatus.Success;
    }
}
