using System.Globalization;
using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>One page of all results that there are, with charts: <c>results/DATE-CPU.md</c>. Nothing in it is typed by hand.</summary>
internal static class ResultsPage
{
    private const string Mark = "<!-- written by: suite page -->";

    private static readonly string[] Operations =
    [
        IndexOperations.Push, IndexOperations.PushConcurrently, IndexOperations.Pop, IndexOperations.Find, IndexOperations.Mark, IndexOperations.DeleteStore,
        IndexOperations.Enumerate, IndexOperations.EnumerateByKey, IndexOperations.EnumerateByLastAccess, IndexOperations.Reopen,
    ];

    public static bool IsPage(string[] file) => file.Contains(Mark);

    public static async Task WriteAsync()
    {
        IReadOnlyList<SuiteData> parts = await SuiteData.LoadAsync();
        (IReadOnlyList<string> targets, int met, IReadOnlyList<string> missed) = await TargetTables.ReadAsync();
        string directory = ResultsFile.FindDirectory();
        string name = string.Create(CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd}-{Slug(ResultsFile.Processor())}.md");
        SuiteRow[] indexes = Rows(parts, "indexes-");
        SuiteRow[] storages = Rows(parts, "storages-");
        SuiteRow[] reads = Rows(parts, "reads");
        SuiteData? peers = parts.FirstOrDefault(part => part.Part == "peers");
        var readme = new List<string>();
        var lines = new List<string>
        {
            Mark,
            "# Results of the benchmark suite",
            "",
            "Written by the benchmark programs from what they measured; do not edit. A rate is the median; × is the rate in that of the yardstick, which was measured in the same run.",
            "",
        };
        lines.AddRange(ResultsFile.Machine());
        lines.AddRange(["", "## What was asked for", "", .. Targets(met, missed)]);
        if (indexes.Length > 0)
        {
            Charts.SaveGrowth(indexes, Path.Combine(directory, "growth.svg"));
            var crossings = new Crossings(indexes, storages, Memory(parts));
            lines.AddRange(
            [
                "", "## Which index, for how many keys", "", crossings.Summary(), "", .. crossings.Choice(), "",
                "Of the indexes that have what is needed, the one in which a hit and a miss cost least. A hit is a find and a mark, a miss a find, a push and a pop; the two last in batches, as the background writer has them.", "",
                .. crossings.Costs(), "",
                "Where the cost of an index crosses that of the chunk is read off between two measured numbers of keys, both axes logarithmic, to one digit. Memory is what the process grew by, or the server took, while the index was filled. The SQLite index remembers entries in memory, as it does by default, so that with few keys finds do not reach SQLite.", "",
                "## Indexes, by the number of keys", "", "![The cost of an operation by the number of keys, for each index](growth.svg)", "", .. IndexTables(indexes),
            ]);
            readme.AddRange(["![The cost of an operation by the number of keys, for each index](benchmarks/results/growth.svg)", "", crossings.Summary(), "", .. crossings.Choice(), ""]);
        }

        if (storages.Length > 0)
        {
            Charts.SaveStorages(storages, Path.Combine(directory, "storages.svg"));
            lines.AddRange(["", "## Storages, by the size of a chunk", "", "![Reads and writes of a chunk by its size](storages.svg)", "", .. ByteTable(storages)]);
        }

        if (reads.Length > 0)
        {
            Charts.SaveReads(reads, Path.Combine(directory, "reads.svg"));
            lines.AddRange(["", "## Reads through the cache", "", "![Reads by their size, with one caller and sixteen](reads.svg)", "", .. ByteTable(reads)]);
        }

        if (peers is not null)
        {
            Charts.SavePeers(peers.Rows, Path.Combine(directory, "peers.svg"));
            var tables = new PeerTables(peers);
            lines.AddRange(
            [
                "", "## What people use instead", "", "![Chunks set and got by ZarrCache and by its peers](peers.svg)", "", .. tables.Lines(), "",
                "Faster than that of ZarrCache which does the same work and is as durable, and why:", "", .. tables.Faster(), "",
                "nginx's `proxy_cache` is measured beside the gateway: [gateway.md](gateway.md), and below.",
            ]);
            readme.AddRange(["![Chunks set and got by ZarrCache and by its peers](benchmarks/results/peers.svg)", ""]);
        }

        readme.Add(string.Create(CultureInfo.InvariantCulture, $"From [the results page](benchmarks/results/{name}), with the machine, all figures and all {met + missed.Count} that were asked for, of which {met} are met; `benchmarks/run` makes it again, and this section."));

        lines.AddRange(["", "## All yardsticks", "", .. targets, "## When each part was measured", "", "| Part | Mode | When | Machine |", "|---|---|---|---|"]);
        lines.AddRange(parts.Select(part => $"| {part.Part} | {(part.IsLong ? "long" : "short")} | {part.Machine[0]["- date: ".Length..]} | {part.Machine[1]["- machine: ".Length..]} |"));
        string path = Path.Combine(directory, name);
        await File.WriteAllLinesAsync(path, Compact(lines));
        Console.WriteLine($"written: {path}");
        await ReadmeSection.WriteAsync(readme);
    }

    private static Dictionary<(string Subject, long Keys), long> Memory(IReadOnlyList<SuiteData> parts) =>
        parts.Where(part => part.Memory is not null).ToDictionary(part => (part.Rows[0].Subject, part.Rows[0].Size), part => part.Memory!.Value);

    private static SuiteRow[] Rows(IReadOnlyList<SuiteData> parts, string prefix) =>
        [.. parts.Where(part => part.Part.StartsWith(prefix, StringComparison.Ordinal)).SelectMany(part => part.Rows)];

    private static IEnumerable<string> Targets(int met, IReadOnlyList<string> missed)
    {
        yield return string.Create(CultureInfo.InvariantCulture, $"{met} of {met + missed.Count} figures that were asked for are met; all of them stand [below](#all-yardsticks).{(missed.Count > 0 ? " Not met:" : "")}");
        yield return "";
        foreach (string one in missed)
        {
            yield return $"- {one}";
        }
    }

    private static IEnumerable<string> IndexTables(SuiteRow[] rows)
    {
        string[] subjects = [.. rows.Select(row => row.Subject).Distinct().OrderBy(Order)];
        foreach (var size in rows.GroupBy(row => row.Size).OrderBy(group => group.Key))
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"| {size.Key:N0} keys | {string.Join(" | ", subjects)} |");
            yield return $"|---|{string.Concat(subjects.Select(_ => "---|"))}";
            foreach (string operation in Operations.Where(operation => size.Any(row => row.What == operation)))
            {
                yield return $"| {operation} | {string.Join(" | ", subjects.Select(subject => Cell(size.FirstOrDefault(row => row.What == operation && row.Subject == subject))))} |";
            }

            yield return "";
        }

        static int Order(string subject) => IndexBackend.All.Select(backend => backend.Name).ToList().IndexOf(subject);

        static string Cell(SuiteRow? row) => row is null ? ""
            : row.What == IndexOperations.Reopen ? Text.Duration(row.Nanoseconds)
            : Text.Rate(row.Rate) + Text.Ratio(row.Ratio);
    }

    private static IEnumerable<string> ByteTable(SuiteRow[] rows)
    {
        long[] sizes = [.. rows.Select(row => row.Size).Distinct().Order()];
        yield return $"| | {string.Join(" | ", sizes.Select(Text.Bytes))} |";
        yield return $"|---|{string.Concat(sizes.Select(_ => "---|"))}";
        foreach (var group in rows.GroupBy(row => (row.Subject, row.What, row.Callers)))
        {
            string callers = group.Key.Callers == 1 ? "" : $", {group.Key.Callers} at once";
            yield return $"| {group.Key.Subject}: {group.Key.What}{callers} | {string.Join(" | ", sizes.Select(size => Cell(group.FirstOrDefault(row => row.Size == size))))} |";
        }

        static string Cell(SuiteRow? row) => row is null ? ""
            : $"{Text.Rate(row.Rate)}{(row.What == ReadBenchmarks.Absent ? "" : $", {Text.Bytes((long)(row.Rate * row.Size))}/s")}{Text.Ratio(row.Ratio)}{(row.Allocated is { } allocated ? $", {Text.Bytes((long)allocated)} allocated" : "")}";
    }

    private static string Slug(string processor)
    {
        string plain = new([.. processor.ToLowerInvariant().Replace("(r)", "", StringComparison.Ordinal).Select(letter => char.IsAsciiLetterOrDigit(letter) ? letter : '-')]);
        return string.Join('-', plain.Split('-', StringSplitOptions.RemoveEmptyEntries));
    }

    /// <summary>No two empty lines one after the other.</summary>
    private static IEnumerable<string> Compact(List<string> lines) => lines.Where((line, at) => at == 0 || line.Length > 0 || lines[at - 1].Length > 0);
}
