using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>The part of the README that quotes the results: written from them, between two comments, so that nothing in it is typed by hand.</summary>
internal static class ReadmeSection
{
    private const string Start = "<!-- written by: suite page -->";
    private const string End = "<!-- end of what suite page writes -->";

    public static async Task WriteAsync(IEnumerable<string> lines)
    {
        string path = Path.GetFullPath(Path.Combine(ResultsFile.FindDirectory(), "..", "..", "README.md"));
        List<string> readme = [.. await File.ReadAllLinesAsync(path)];
        int start = readme.IndexOf(Start);
        int end = readme.IndexOf(End);
        if (start < 0 || end < start)
        {
            throw new InvalidDataException($"'{path}' has no place for the results, between '{Start}' and '{End}'.");
        }

        readme.RemoveRange(start + 1, end - start - 1);
        readme.InsertRange(start + 1, ["", .. lines, ""]);
        await File.WriteAllLinesAsync(path, readme);
        Console.WriteLine($"written: the results in {path}");
    }
}
