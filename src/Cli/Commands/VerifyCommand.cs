using System.Collections.Concurrent;
using System.CommandLine;

namespace ZarrCache.Cli.Commands;

/// <summary>Holds the index against the files, and a store against its metadata.</summary>
internal static class VerifyCommand
{
    /// <summary>More is of no use to anybody; the sums count all.</summary>
    private const int MostListed = 1000;

    private static readonly Option<bool> Repair = new("--repair")
    {
        Description = "Drop what is wrong: rows without a file or with a bad one, and files without a row. What is dropped is fetched again when it is read.",
    };

    private static readonly Option<string?> Complete = new("--complete")
    {
        Description = "Say too whether this store is whole, so that its directory can be opened by any Zarr tool without the origin.",
        HelpName = "STORE",
    };

    public static Command Create()
    {
        var command = new ExampleCommand(
            "verify",
            "Checks a cache: reads every file and holds its size and check sums against the index, and looks for files without a row and rows without a file. Files younger than five minutes without a row are left alone: they may be on their way in. Exit status 1 if anything is wrong or missing.",
            "zarr-cache verify --cache ~/zarr",
            "zarr-cache verify --cache ~/zarr --repair",
            "zarr-cache verify --cache ~/zarr --complete era5")
        {
            CommonOptions.Cache, Repair, Complete,
        };
        command.SetWork(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, CancellationToken ct)
    {
        bool repair = context.Get(Repair);
        string? complete = context.Get(Complete);
        await using CacheDirectory cache = await context.OpenCacheAsync(ct);
        if (complete is not null && !cache.Stores.ContainsKey(complete) && !(await cache.Index.ListStoresAsync(ct)).Contains(complete))
        {
            throw new ArgumentException($"There is no store '{complete}' in this cache.");
        }

        var findings = new ConcurrentQueue<CacheFinding>();
        CacheCheckReport report = await cache.Storage.CheckAsync(
            new CacheCheckOptions { VerifyBytes = true, Repair = repair },
            finding =>
            {
                if (findings.Count < MostListed)
                {
                    findings.Enqueue(finding);
                }
            },
            ct);

        var missing = new List<string>();
        CompletenessReport? completeness = complete is null
            ? null
            : await cache.CheckCompleteAsync(
                complete,
                key =>
                {
                    if (missing.Count < MostListed)
                    {
                        missing.Add(key);
                    }
                },
                ct);

        var document = new VerifyDocument(
            report.IsClean, repair, report.Files, report.Rows, report.Orphans, report.OrphanBytes, report.Young, report.Dangling, report.Corrupt, report.Unreadable, report.Adopted,
            [.. findings.Select(finding => new FindingLine(NameOf(finding.Kind), finding.StoreId, finding.Key, finding.Detail))],
            completeness is { } whole ? new CompleteDocument(complete!, whole.IsComplete, whole.Cached, whole.Absent, whole.Missing, missing) : null);
        if (context.IsJson)
        {
            context.WriteJson(document, CliJson.Documents.VerifyDocument);
        }
        else
        {
            Show(context, document);
        }

        return report.IsClean && completeness is null or { IsComplete: true } ? ExitStatus.Success : ExitStatus.Findings;
    }

    private static string NameOf(CacheFindingKind kind) => kind switch
    {
        CacheFindingKind.Orphan => "orphan",
        CacheFindingKind.Dangling => "dangling",
        CacheFindingKind.Corrupt => "corrupt",
        CacheFindingKind.Unreadable => "unreadable",
        _ => "adopted",
    };

    private static void Show(CommandContext context, VerifyDocument document)
    {
        TextWriter output = context.Output;
        foreach (FindingLine finding in document.Findings)
        {
            output.WriteLine($"{finding.Kind,-10}  {finding.Store}  {finding.Key}  {finding.Detail}");
        }

        output.WriteLine($"{document.Rows} rows and {document.Files} files checked: {document.Corrupt} corrupt, {document.Dangling} rows without a file, {document.Orphans} files without a row, {document.Unreadable} unreadable.");
        if (document.Young > 0)
        {
            output.WriteLine($"{document.Young} files without a row are younger than five minutes; they may be on their way in.");
        }

        output.WriteLine(document switch
        {
            { Clean: true } => "Nothing is wrong.",
            { Repaired: true } => "What was wrong has been dropped, save what cannot be read; the origin still has it.",
            _ => "Drop what is wrong with --repair; a read would do it too, and serve the origin's bytes.",
        });
        if (document.Complete is { } complete)
        {
            foreach (string key in complete.MissingKeys)
            {
                output.WriteLine($"missing     {complete.Store}  {key}");
            }

            output.WriteLine(complete.IsComplete
                ? $"Store '{complete.Store}' is whole: {complete.Cached} values, {complete.Absent} absences."
                : $"Store '{complete.Store}' is not whole: {complete.Missing} of {complete.Cached + complete.Absent + complete.Missing} keys are missing; fetch them with 'zarr-cache warm'.");
        }
    }
}

/// <summary>What <c>verify --json</c> writes; lists are cut after a thousand.</summary>
internal sealed record VerifyDocument(
    bool Clean,
    bool Repaired,
    long Files,
    long Rows,
    long Orphans,
    long OrphanBytes,
    long Young,
    long Dangling,
    long Corrupt,
    long Unreadable,
    long Adopted,
    IReadOnlyList<FindingLine> Findings,
    CompleteDocument? Complete);

internal sealed record FindingLine(string Kind, string Store, string Key, string Detail);

internal sealed record CompleteDocument(string Store, bool IsComplete, long Cached, long Absent, long Missing, IReadOnlyList<string> MissingKeys);
