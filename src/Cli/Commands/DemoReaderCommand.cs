using System.CommandLine;
using ZarrCache.Cli.Demo;

namespace ZarrCache.Cli.Commands;

/// <summary>The demo's second process; not for people, and hidden from the help.</summary>
internal static class DemoReaderCommand
{
    private static readonly Argument<string> Origin = new("ORIGIN");
    private static readonly Argument<string> StoreId = new("STORE");

    public static Command Create()
    {
        var command = new Command(SecondProcess.CommandName, "Reads the sample once through a cache, for the demo.") { Origin, StoreId, CommonOptions.Cache };
        command.Hidden = true;
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        string origin = context.Get(Origin)!;
        PassResult result = context.Get(StoreId) == ShardedPass.StoreId
            ? await ShardedPass.RunAsync(cache, origin, await ShardedPass.SumSourceAsync(ct), ct)
            : await DatasetPass.RunAsync("", cache, origin, DemoSample.Load(), null, ct);
        context.WriteJson(result, CliJson.Documents.PassResult);
        return ExitStatus.Success;
    }
}
