using System.CommandLine;
using System.Text.RegularExpressions;
using Xunit;

namespace ZarrCache.Cli.Tests;

/// <summary>What the documents show is what there is.</summary>
public sealed partial class ReadmeTests
{
    private static readonly string Root = FindRoot();

    [Fact]
    public void The_code_of_the_README_is_that_which_compiles()
    {
        string readme = File.ReadAllText(Path.Combine(Root, "README.md"));
        string code = CodeBlock().Match(readme).Groups[1].Value;
        Assert.Equal(File.ReadAllText(Path.Combine(Root, "samples", "Quickstart", "Program.cs")), code);
        Assert.InRange(readme[..readme.IndexOf("new FileSystemStore", StringComparison.Ordinal)].Split('\n').Length, 1, 10);
    }

    [Theory]
    [InlineData("README.md")]
    [InlineData("src/Cli/README.md")]
    public void Every_command_line_of_a_README_is_understood(string document)
    {
        string[] lines = [.. File.ReadLines(Path.Combine(Root, document)).Where(line => line.StartsWith("zarr-cache ", StringComparison.Ordinal))];
        Assert.NotEmpty(lines);
        Assert.All(lines, Understood);
    }

    [Fact]
    public async Task Every_example_of_the_help_is_understood()
    {
        foreach (string command in (string[])["demo", "warm", "serve", "stats", "ls", "clear", "verify"])
        {
            string help = (await CommandLine.RunAsync(command, "--help")).Output;
            string[] examples = [.. help[help.IndexOf("Examples:", StringComparison.Ordinal)..].Split('\n').Select(line => line.Trim()).Where(line => line.StartsWith("zarr-cache ", StringComparison.Ordinal))];
            Assert.NotEmpty(examples);
            Assert.All(examples, Understood);
        }
    }

    private static void Understood(string line)
    {
        string command = line["zarr-cache ".Length..].Split(" | ")[0].Replace('\'', '"');
        ParseResult parsed = Program.CreateRoot().Parse(command);
        Assert.True(parsed.Errors.Count == 0, $"{line}: {string.Join(' ', parsed.Errors.Select(error => error.Message))}");
    }

    private static string FindRoot()
    {
        string directory = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(directory, "ZarrCache.slnx")))
        {
            directory = Path.GetDirectoryName(directory) ?? throw new InvalidOperationException("The tests run outside of the repository.");
        }

        return directory;
    }

    [GeneratedRegex(@"```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex CodeBlock();
}
