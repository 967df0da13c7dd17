using Distributed.Silo.Access;
using Microsoft.OpenApi;

namespace Distributed.Silo.Api;

/// <summary>The API's OpenAPI document, made of the routes themselves.</summary>
internal static class ApiDescription
{
    public static void AddApiDescription(this IServiceCollection services) => services.AddOpenApi("v1", options =>
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info = new OpenApiInfo { Title = "attend", Version = "v1", Description = "Exact attention over very long sequences as a service (docs/api.md)." };
            // Whoever reads it knows where it came from; elsewhere the address would be wrong.
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            // One route answers both; their names must differ.
            if (HttpMethods.IsHead(context.Description.HttpMethod ?? ""))
                operation.OperationId += "Head";
            return Task.CompletedTask;
        });
    });

    public static void MapApiDescription(this IEndpointRouteBuilder app) => app.MapOpenApi("/openapi/{documentName}.json").ForAnyone();
}
