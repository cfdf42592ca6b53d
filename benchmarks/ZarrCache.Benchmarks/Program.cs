using System.Globalization;
using ZarrCache.Benchmarks.Faster;
using ZarrCache.Benchmarks.Gateway;
using ZarrCache.Benchmarks.Parts;
using ZarrCache.Benchmarks.ReadPath;
using ZarrCache.Benchmarks.Redis;
using ZarrCache.Benchmarks.Reliability;
using ZarrCache.Benchmarks.S3;
using ZarrCache.Benchmarks.Sqlite;
using ZarrCache.Benchmarks.Suite;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
int keys = Option("--keys", 1_000_000);
int rounds = Option("--rounds", 5);
switch (args)
{
    case ["sqlite", ..]:
        await SqliteBenchmarks.RunAsync(keys, rounds, only: Text("--only"));
        return 0;
    case ["faster", ..]:
        await FasterBenchmarks.RunAsync(keys, rounds, only: Text("--only"));
        return 0;
    case ["read", ..]:
        await ReadPathBenchmarks.RunAsync(keys, rounds);
        return 0;
    case ["parts", ..]:
        await PartsBenchmarks.RunAsync(keys, rounds);
        return 0;
    case ["suite", ..]:
        return await SuiteCommand.RunAsync(args[1..]);
    case ["s3", ..]:
        await S3Benchmarks.RunAsync(rounds);
        return 0;
    case ["redis", ..]:
        await RedisBenchmarks.RunAsync(keys, rounds, only: Text("--only"));
        return 0;
    case ["gateway", ..]:
        await GatewayBenchmarks.RunAsync(rounds);
        return 0;
    case ["reliability", ..]:
        await ReliabilityBenchmarks.RunAsync(Option("--keys", 100_000), rounds);
        return 0;
    case [OpeningBenchmark.ChildCommand, var index, var root, var entries]:
        await OpeningBenchmark.ChildAsync(index, root, int.Parse(entries, CultureInfo.InvariantCulture));
        return 0;
    case [UnreachableIndexBenchmark.LockCommand, var file]:
        UnreachableIndexBenchmark.LockChild(file);
        return 0;
    case [BareHandler.ChildCommand, var directory]:
        await BareHandler.ChildAsync(directory);
        return 0;
    case [S3MemoryBenchmark.ChildCommand, var endpoint, var way]:
        await S3MemoryBenchmark.ChildAsync(new Uri(endpoint), way);
        return 0;
    case [ProcessWork.ChildCommand, var count]:
        await ProcessWork.ChildAsync(int.Parse(count, CultureInfo.InvariantCulture));
        return 0;
    case [SpilledWork.ChildCommand, var count]:
        await SpilledWork.ChildAsync(int.Parse(count, CultureInfo.InvariantCulture));
        return 0;
    case [ShardsBenchmark.ChildCommand, var shards, var array]:
        Console.WriteLine((await ShardsBenchmark.ReadAsync(shards, array)).Requests);
        return 0;
    case [LargeObjectBenchmark.ChildCommand, var size]:
        await LargeObjectBenchmark.ChildAsync(long.Parse(size, CultureInfo.InvariantCulture));
        return 0;
    case [MemoryBenchmark.ChildCommand, var count]:
        await MemoryBenchmark.ChildAsync(int.Parse(count, CultureInfo.InvariantCulture));
        return 0;
    default:
        Console.Error.WriteLine("""
            Usage: ZarrCache.Benchmarks sqlite [--keys 1000000] [--rounds 5] [--only push|pop|enumerate|mark|callers|memory]
                   ZarrCache.Benchmarks faster --only memory|spilled|sqlite|threads|large [--keys 1000000] [--rounds 5]
                   ZarrCache.Benchmarks read   [--keys 1000000] [--rounds 5]
                   ZarrCache.Benchmarks parts  [--keys 1000000] [--rounds 5]
                   ZarrCache.Benchmarks suite  --help
                   ZarrCache.Benchmarks s3     [--rounds 5]
                   ZarrCache.Benchmarks redis  [--keys 1000000] [--rounds 5] [--only batches|find|single|enumerate|cold]
                   ZarrCache.Benchmarks reliability [--keys 100000] [--rounds 5]
            """);
        return 2;
}

int Option(string name, int otherwise) => Text(name) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

string? Text(string name)
{
    int at = Array.IndexOf(args, name);
    return at >= 0 && at + 1 < args.Length ? args[at + 1] : null;
}
