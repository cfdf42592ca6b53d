using System.CommandLine;
using System.Globalization;
using ZarrCache.Benchmarks.Harness;
using ZarrCache.Peers;

CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
var rounds = new Option<int>("--rounds") { Description = "How often each is measured; the median counts.", DefaultValueFactory = _ => 3 };
var share = new Option<int>("--share") { Description = "Do one in so many of the reads and writes.", DefaultValueFactory = _ => 1 };
var only = new Option<string[]>("--only") { Description = "Only peers whose name contains this; writes no file.", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => [] };
var python = new Option<string>("--python") { Description = "The interpreter that has diskcache and fsspec.", DefaultValueFactory = _ => "python3" };
var root = new RootCommand("Measures what people use instead of ZarrCache beside it, in one run, and writes benchmarks/results/data/peers.json.") { rounds, share, only, python };
root.SetAction(async (arguments, ct) =>
{
    string[] names = arguments.GetValue(only)!;
    var work = new PeerWork(arguments.GetValue(share));
    var measured = new List<SuiteRow>();
    for (int round = 0; round < arguments.GetValue(rounds); round++)
    {
        foreach (Peer peer in AllPeers.Dotnet.Where(peer => Wanted(peer.Name)))
        {
            measured.AddRange(await work.MeasureAsync(peer));
        }
    }

    if (AllPeers.Python.Any(peer => Wanted(peer.Name)))
    {
        measured.AddRange(await PythonPeers.MeasureAsync(arguments.GetValue(python)!, arguments.GetValue(rounds), work));
    }

    SuiteRow[] rows = [.. measured.GroupBy(row => (row.Subject, row.What, row.Size)).Select(Median)];
    foreach (SuiteRow row in rows)
    {
        Console.WriteLine($"{row.Subject}: {row.What} of {row.Size} bytes, {row.Rate:N0}/s");
    }

    if (names.Length == 0)
    {
        var properties = AllPeers.Dotnet.Concat(AllPeers.Python).ToDictionary(peer => peer.Name, peer => new[] { peer.Verifies, peer.Durable, peer.Bounds, peer.Reason });
        await new SuiteData("peers", ResultsFile.Machine(), arguments.GetValue(share) == 1, rows) { Properties = properties }.SaveAsync();
    }

    bool Wanted(string name) => names.Length == 0 || names.Any(part => name.Contains(part, StringComparison.OrdinalIgnoreCase));
});
return await root.Parse(args).InvokeAsync();

static SuiteRow Median(IEnumerable<SuiteRow> rounds)
{
    SuiteRow[] sorted = [.. rounds.OrderBy(row => row.Nanoseconds)];
    return sorted[sorted.Length / 2] with { Spread = (sorted[^1].Nanoseconds - sorted[0].Nanoseconds) / 2 };
}
