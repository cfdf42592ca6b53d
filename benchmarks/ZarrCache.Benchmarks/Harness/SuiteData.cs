using System.Text.Json;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>One figure: what an operation of a subject costs at a size.</summary>
/// <param name="What">The operation.</param>
/// <param name="Subject">The back end or the peer.</param>
/// <param name="Size">How many keys, or how many bytes of a value.</param>
/// <param name="Callers">How many at once.</param>
/// <param name="Nanoseconds">The median for one operation.</param>
/// <param name="Spread">Half of the distance between the quartiles, in nanoseconds.</param>
/// <param name="Allocated">Bytes of managed memory for one operation; null where that is unknown.</param>
/// <param name="YardstickNanoseconds">The same of what it is measured against; null where there is none.</param>
internal sealed record SuiteRow(
    string What, string Subject, long Size, int Callers, double Nanoseconds, double Spread, double? Allocated = null, double? YardstickNanoseconds = null)
{
    /// <summary>How many a second.</summary>
    public double Rate => 1e9 / Nanoseconds;

    /// <summary>The rate in the yardstick's.</summary>
    public double? Ratio => YardstickNanoseconds / Nanoseconds;
}

/// <summary>The figures of one part of the suite, as they were measured in one run: a part that broke is run again alone, and the page joins them.</summary>
/// <param name="Part">Its name, which is that of its file.</param>
/// <param name="Machine">Where and when: the lines of <see cref="ResultsFile.Machine"/>.</param>
/// <param name="IsLong">Whether it was run as for a release.</param>
/// <param name="Rows">The figures.</param>
internal sealed record SuiteData(string Part, string[] Machine, bool IsLong, SuiteRow[] Rows)
{
    /// <summary>What is to be known of the subjects beside their figures, by name; null where there is nothing.</summary>
    public IReadOnlyDictionary<string, string[]>? Properties { get; init; }

    /// <summary>How many bytes of memory the filled index takes, its server's with it; null where that was not measured.</summary>
    public long? Memory { get; init; }

    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true };

    public async Task SaveAsync()
    {
        string path = Path.Combine(FindDirectory(), $"{Part}.json");
        await File.WriteAllTextAsync(path, JsonSerializer.Serialize(this, Format) + "\n");
        Console.WriteLine($"written: {path}");
    }

    /// <summary>All parts that there are, by name.</summary>
    public static async Task<IReadOnlyList<SuiteData>> LoadAsync()
    {
        var parts = new List<SuiteData>();
        foreach (string path in Directory.GetFiles(FindDirectory(), "*.json").Order(StringComparer.Ordinal))
        {
            parts.Add(JsonSerializer.Deserialize<SuiteData>(await File.ReadAllTextAsync(path)) ?? throw new InvalidDataException($"'{path}' holds nothing."));
        }

        return parts;
    }

    private static string FindDirectory() => Directory.CreateDirectory(Path.Combine(ResultsFile.FindDirectory(), "data")).FullName;
}
