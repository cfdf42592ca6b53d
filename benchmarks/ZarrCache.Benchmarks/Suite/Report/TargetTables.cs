using ZarrCache.Benchmarks.Harness;

namespace ZarrCache.Benchmarks.Suite.Report;

/// <summary>What the programs with yardsticks measured, and whether it is what was asked for: taken from the files that they wrote.</summary>
internal static class TargetTables
{
    private const string Yes = "| yes |";
    private const string No = "| **no** |";

    /// <summary>The columns that tell by how much something was missed.</summary>
    private static readonly string[] Telling = ["Ratio", "Ratio (median)", "Measured", "Memory", "At least", "At most", "Asked"];

    /// <summary>The tables of every file of results that says what was met, under the file's own title.</summary>
    public static async Task<(IReadOnlyList<string> Lines, int Met, IReadOnlyList<string> Missed)> ReadAsync()
    {
        var lines = new List<string>();
        var missed = new List<string>();
        int met = 0;
        foreach (string path in Directory.GetFiles(ResultsFile.FindDirectory(), "*.md").Order(StringComparer.Ordinal))
        {
            string[] file = await File.ReadAllLinesAsync(path);
            string[] tables = [.. Tables(file)];
            if (ResultsPage.IsPage(file) || tables.Length == 0)
            {
                continue;
            }

            string name = Path.GetFileName(path);
            string[] head = [.. file.Where(line => line.StartsWith("- date:", StringComparison.Ordinal) || line.StartsWith("- machine:", StringComparison.Ordinal)).Select(line => line[2..])];
            lines.AddRange([$"### {file[0].TrimStart('#', ' ')}", "", $"From [{name}]({name}){string.Concat(head.Select(line => $"; {line}"))}.", "", .. tables, ""]);
            met += tables.Count(row => row.EndsWith(Yes, StringComparison.Ordinal));
            missed.AddRange(Missed(tables).Select(miss => $"{miss} ([{name}]({name}))"));
        }

        return (lines, met, missed);
    }

    /// <summary>Those that end in the column <c>Met</c>, an empty line after each; where the file has sections, with the section's name, machine and date.</summary>
    private static IEnumerable<string> Tables(string[] file)
    {
        bool isInside = false;
        string[] section = [];
        for (int i = 0; i < file.Length; i++)
        {
            if (file[i].StartsWith("## ", StringComparison.Ordinal))
            {
                section = [$"#### {file[i][3..]}", "", file[i + 2], ""];
            }

            bool wasInside = isInside;
            isInside = file[i].StartsWith('|') && (isInside || file[i].EndsWith("| Met |", StringComparison.Ordinal));
            if (isInside && !wasInside)
            {
                foreach (string line in section)
                {
                    yield return line;
                }

                section = [];
            }

            if (isInside)
            {
                yield return file[i];
            }
            else if (wasInside)
            {
                yield return "";
            }
        }
    }

    private static IEnumerable<string> Missed(string[] tables)
    {
        string[] header = [];
        foreach (string line in tables)
        {
            if (line.EndsWith("| Met |", StringComparison.Ordinal))
            {
                header = Cells(line);
            }
            else if (line.EndsWith(No, StringComparison.Ordinal))
            {
                string[] row = Cells(line);
                yield return $"{row[0]}: {string.Join(", ", header.Zip(row).Where(cell => Telling.Contains(cell.First) && cell.Second.Length > 0).Select(cell => $"{cell.First.ToLowerInvariant()} {cell.Second}"))}";
            }
        }
    }

    private static string[] Cells(string line) => [.. line.Trim('|').Split('|').Select(cell => cell.Trim())];
}
