using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace ZarrCache.Benchmarks.Harness;

/// <summary>A committed file of results, written by the program alone, with the machine that they hold for.</summary>
internal static class ResultsFile
{
    public static async Task WriteAsync(string name, string title, IEnumerable<string> lines)
    {
        string path = Path.Combine(FindDirectory(), name);
        string[] head =
        [
            $"# {title}",
            "",
            "Written by the benchmark program; do not edit. Both columns of a row were measured in the same run, in turns.",
            "",
            .. Machine(),
            "",
        ];
        await File.WriteAllLinesAsync(path, [.. head, .. lines]);
        Console.WriteLine($"written: {path}");
    }

    /// <summary>When, at which commit, and on what machine this runs: a list in Markdown.</summary>
    public static string[] Machine() =>
    [
        $"- date: {TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {Run("git", "rev-parse --short HEAD")}{(HasChanges() ? " with changes" : "")}",
        $"- machine: {Processor()}, {Environment.ProcessorCount} processors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB of memory",
        $"- system: {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, temporary files on {FileSystem()}",
    ];

    /// <summary>The processor's own name, as far as the system tells it.</summary>
    public static string Processor()
    {
        if (!File.Exists("/proc/cpuinfo"))
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        string? line = File.ReadLines("/proc/cpuinfo").FirstOrDefault(text => text.StartsWith("model name", StringComparison.Ordinal));
        return line is null ? "processor unknown" : line[(line.IndexOf(':', StringComparison.Ordinal) + 2)..];
    }

    /// <summary>Replaces one section of a file of results that are measured part by part, each with the machine and the commit that it holds for.</summary>
    public static async Task WriteSectionAsync(string name, string title, string section, IEnumerable<string> lines)
    {
        string path = Path.Combine(FindDirectory(), name);
        List<string> file = File.Exists(path) ? [.. await File.ReadAllLinesAsync(path)] : [$"# {title}", "", "Written by the benchmark programs, section by section; do not edit."];
        string heading = $"## {section}";
        int start = file.IndexOf(heading);
        if (start >= 0)
        {
            int end = file.FindIndex(start + 1, line => line.StartsWith("## ", StringComparison.Ordinal));
            file.RemoveRange(start - 1, (end < 0 ? file.Count + 1 : end) - start);
        }

        file.AddRange(["", heading, "", $"{TimeProvider.System.GetUtcNow():yyyy-MM-dd HH:mm} UTC, commit {Run("git", "rev-parse --short HEAD")}{(HasChanges() ? " with changes" : "")}; {Processor()}, {Environment.ProcessorCount} processors, {GC.GetGCMemoryInfo().TotalAvailableMemoryBytes >> 20} MiB; {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {FileSystem()}.", "", .. lines]);
        await File.WriteAllLinesAsync(path, file);
        Console.WriteLine($"written: {section} in {path}");
    }

    public static string FindDirectory()
    {
        for (DirectoryInfo? at = new(AppContext.BaseDirectory); at is not null; at = at.Parent)
        {
            if (File.Exists(Path.Combine(at.FullName, "ZarrCache.slnx")))
            {
                return Directory.CreateDirectory(Path.Combine(at.FullName, "benchmarks", "results")).FullName;
            }
        }

        return Environment.CurrentDirectory;
    }

    /// <summary>Results that were written before do not count.</summary>
    private static bool HasChanges() => Run("git", "status --porcelain --untracked-files=no -- :/ :!:/benchmarks/results") is not ("" or "unknown");

    private static string FileSystem()
    {
        try
        {
            return new DriveInfo(Path.GetTempPath()).DriveFormat;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "an unknown file system";
        }
    }

    private static string Run(string program, string arguments)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = FindDirectory() })!;
            string output = process.StandardOutput.ReadToEnd().Trim();
            process.WaitForExit();
            return process.ExitCode == 0 ? output : "unknown";
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return "unknown";
        }
    }

    public static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
