using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>What the programs with yardsticks measured, and whether it is what was asked for: taken from the files that they wrote.</summary>
internal static class TargetTables
{
    /// <summary>The tables of every file of results that says what was met, under the file's own title.</summary>
    public static async Task<(IReadOnlyList<string> Lines, int Met, IReadOnlyList<string> Missed)> ReadAsync()
    {
        var lines = new List<string>();
        var missed = new List<string>();
        int met = 0;
        foreach (string path in Directory.GetFiles(ResultsFile.FindDirectory(), "*.md").Order(StringComparer.Ordinal))
        {
            string[] file = await File.ReadAllLinesAsync(path);
            if (ResultsPage.IsPage(file))
            {
                continue;
            }

            string[] tables = [.. Tables(file)];
            if (tables.Length == 0)
            {
                continue;
            }

            string name = Path.GetFileName(path);
            lines.AddRange([$"### {file[0].TrimStart('#', ' ')}", "", $"From [{name}]({name}){(file.FirstOrDefault(line => line.StartsWith("- date:", StringComparison.Ordinal)) is { } date ? $", {date[2..]}" : "")}.", "", .. tables]);
            met += tables.Count(row => row.EndsWith("| yes |", StringComparison.Ordinal));
            missed.AddRange(tables.Where(row => row.EndsWith("| **no** |", StringComparison.Ordinal)).Select(row => $"{row.Split('|')[1].Trim()} ([{name}]({name}))"));
        }

        return (lines, met, missed);
    }

    /// <summary>Those that end in the column <c>Met</c>, an empty line after each.</summary>
    private static IEnumerable<string> Tables(string[] file)
    {
        bool isInside = false;
        foreach (string line in file)
        {
            isInside = line.StartsWith('|') && (isInside || line.EndsWith("| Met |", StringComparison.Ordinal));
            if (isInside)
            {
                yield return line;
            }
            else if (line.Length == 0)
            {
                yield return "";
            }
        }
    }
}
