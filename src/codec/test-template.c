#include "base/mem.h"
#include "base/str.h"
#include "base/test.h"
#include "codec/json.h"
#include "codec/template.h"

#include <errno.h>
#include <string.h>

static const char document[] =
	"{\"Id\":\"0123456789abcdef\",\"Name\":\"/web\",\"Args\":[\"-c\",\"sleep 5\"],"
	"\"State\":{\"Status\":\"running\",\"Running\":true,\"Dead\":false,\"Pid\":42,\"ExitCode\":0,"
	"\"Health\":null},"
	"\"Config\":{\"Labels\":{\"com.example.a\":\"1\",\"b\":\"two\"},\"Env\":[\"A=1\",\"B=2\"],"
	"\"Cmd\":null,\"Volumes\":null,\"Ports\":{\"x\":\"y\"}},"
	"\"Mounts\":[{\"Type\":\"bind\",\"Source\":\"/s\",\"RW\":true},"
	"{\"Type\":\"volume\",\"Source\":\"/v\",\"RW\":false}],"
	"\"NetworkSettings\":{\"Ports\":{\"80/tcp\":[{\"HostIp\":\"0.0.0.0\",\"HostPort\":\"8080\"}],"
	"\"9/udp\":null},\"Networks\":{\"bridge\":{\"IPAddress\":\"172.17.0.2\"}}},"
	"\"Memory\":18446744073709551615,\"Half\":0.5,\"Empty\":\"\"}";

static const struct template_member types[] = {
	{"Labels", TEMPLATE_STRING_MAP}, {"Ports", TEMPLATE_MAP},
	{"Networks", TEMPLATE_MAP},	 {"Volumes", TEMPLATE_MAP},
	{"Cmd", TEMPLATE_LIST},		 {"Env", TEMPLATE_LIST},
	{"Health", TEMPLATE_POINTER},	 {NULL},
};

/* The result, or what went wrong behind a "!". Owned by the caller. */
static char *render(const char *text, bool headings)
{
	auto_template *template = NULL;
	auto_free char *why = NULL;
	auto_json *json = NULL, *methods = NULL;
	auto_str out = {0};
	struct template_data data = {.types = types, .headings = headings};
	static const char labels[] = "{\"Label\":{\"b.c\":\"d\"}}";

	assert_int_equal(json_parse(document, sizeof(document) - 1, &json, NULL), 0);
	assert_int_equal(json_parse(labels, sizeof(labels) - 1, &methods, NULL), 0);
	data.root = json;
	data.methods = methods;
	if (template_parse(text, &template, &why) < 0)
		return mem_printf("!%s", why);
	if (template_execute(template, &data, &out, &why) < 0)
		return mem_printf("!%s", why);
	return str_take(&out);
}

struct expectation {
	const char *text;
	const char *result;
};

static void check(const struct expectation *expectations, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		auto_free char *result = render(expectations[i].text, false);

		if (!STREQ(result, expectations[i].result))
			fail_msg("%s\n gives    %s\n wanted   %s", expectations[i].text, result,
				 expectations[i].result);
	}
}

TEST(fields_and_chains_are_looked_up)
{
	static const struct expectation table[] = {
		{"", ""},
		{"no action } }}", "no action } }}"},
		{"{{.Id}}", "0123456789abcdef"},
		{"a{{.State.Pid}}b", "a42b"},
		{"{{ .State.Running }}", "true"},
		{"{{(.State).Pid}}", "42"},
		{"{{.Memory}} {{.Half}}", "18446744073709551615 0.5"},
		{"{{.Args}} {{.State}}", "[-c sleep 5] {running true false 42 0 <nil>}"},
		{"{{.Config.Labels}}", "map[b:two com.example.a:1]"},
		{"{{.Config.Cmd}}{{.Config.Volumes}}{{.State.Health}}", "[]map[]<nil>"},
		{"{{.Config.Labels.b}}{{.Config.Labels.c}}", "two<no value>"},
		{"{{.Mounts}}", "[{bind /s true} {volume /v false}]"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(functions_do_what_go_and_docker_do)
{
	static const struct expectation table[] = {
		{"{{json .State.Pid}}{{json .Args}}", "42[\"-c\",\"sleep 5\"]"},
		{"{{.Name | json}}", "\"/web\""},
		{"{{index .Args 1}}", "sleep 5"},
		{"{{index .Config.Labels \"com.example.a\"}}", "1"},
		{"[{{index .Config.Labels \"nope\"}}]", "[]"},
		{"{{(index (index .NetworkSettings.Ports \"80/tcp\") 0).HostPort}}", "8080"},
		{"{{index .NetworkSettings.Ports \"80/tcp\" 0 \"HostIp\"}}", "0.0.0.0"},
		{"{{len .Args}}{{len .Id}}{{len .Config.Labels}}{{len .Config.Cmd}}", "21620"},
		{"{{join .Args \" \"}}", "-c sleep 5"},
		{"{{split .Name \"e\"}}{{index (split .Id \"8\") 0}}", "[/w b]01234567"},
		{"{{split .Empty \",\"}}{{len (split \"\xc3\xa9"
		 "b\" \"\")}}",
		 "[]2"},
		{"{{upper .Name}}{{lower \"ABC\"}}{{title \"ab cd_ef\"}}", "/WEBabcAb Cd_ef"},
		{"{{truncate .Id 4}}{{pad \"x\" 1 2}}|", "0123 x  |"},
		{"{{slice .Id 0 4}}{{slice .Args 1}}", "0123[sleep 5]"},
		{"{{print 1 2 \"a\" 3 4}}{{print}}{{println .State.Pid \"x\"}}", "1 2a3 442 x\n"},
		{"{{eq .State.Pid 42}}{{eq .Name \"a\" \"/web\"}}{{ne 1 1}}", "truetruefalse"},
		{"{{lt 1 2}}{{le 2 2}}{{gt 1 2}}{{ge 1 2}}{{lt \"a\" \"b\"}}",
		 "truetruefalsefalsetrue"},
		{"{{and 1 0 .Nope}}{{or 0 \"\" \"x\" .Nope}}{{not .Empty}}", "0xtrue"},
		{"{{.Label \"b.c\"}}{{.Label \"x\"}}", "d"},
		{"{{if eq (.Label \"b.c\") \"d\"}}yes{{end}}", "yes"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(printf_formats_as_go_does)
{
	static const struct expectation table[] = {
		{"{{printf \"%s %d %v%%\" .Name .State.Pid .State.Running}}", "/web 42 true%"},
		{"{{printf \"[%-6s|%6s|%05d|%.2s]\" .Name .Name .State.Pid .Id}}",
		 "[/web  |  /web|00042|01]"},
		{"{{printf \"%q %x %X %t\" \"a\\\"b\" 255 \"hi\" true}}",
		 "\"a\\\"b\" ff 6869 true"},
		{"{{.Id | printf \"%.4s\"}}", "0123"},
		{"{{printf \"%+d %05d\" 3 -7}}", "+3 -0007"},
		{"{{printf \"%d %s\" \"x\"}}", "%!d(string=x) %!s(MISSING)"},
		{"{{printf \"a\" 1}}{{printf \"%\"}}", "a%!(EXTRA int=1)%!(NOVERB)"},
		{"{{printf \"%-5s|\" \"\xc3\xa9\"}}", "\xc3\xa9    |"},
		{"{{printf \"%v %s\" nil .Args}}", "<nil> [-c sleep 5]"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(control_structures_branch_and_loop)
{
	static const struct expectation table[] = {
		{"{{if .State.Running}}up{{else}}down{{end}}", "up"},
		{"{{if .State.Dead}}a{{else if .Empty}}b{{else if eq 1 1}}c{{else}}d{{end}}", "c"},
		{"{{if .Config.Volumes}}x{{end}}{{if .State}}y{{end}}{{if .Args}}z{{end}}", "yz"},
		{"{{range .Args}}<{{.}}>{{end}}", "<-c><sleep 5>"},
		{"{{range $i, $e := .Args}}{{$i}}={{$e}};{{end}}", "0=-c;1=sleep 5;"},
		{"{{range $e := .Args}}{{$e}}{{$.State.Pid}} {{end}}", "-c42 sleep 542 "},
		{"{{range $k, $v := .Config.Labels}}{{$k}}:{{$v}} {{end}}",
		 "b:two com.example.a:1 "},
		{"{{range $p, $c := .NetworkSettings.Ports}}{{$p}} -> {{range $c}}{{.HostPort}}{{else}}"
		 "none{{end}};{{end}}",
		 "80/tcp -> 8080;9/udp -> none;"},
		{"{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", "172.17.0.2"},
		{"{{range .Config.Cmd}}x{{else}}empty{{end}}", "empty"},
		{"{{range .Mounts}}{{if not .RW}}{{continue}}{{end}}{{.Source}}{{end}}", "/s"},
		{"{{range .Args}}{{.}}{{break}}{{end}}", "-c"},
		{"{{range .Args}}{{range $.Config.Cmd}}{{else}}{{break}}{{end}}x{{end}}", ""},
		{"{{with .State}}{{.Pid}}{{end}}{{with .Empty}}x{{else}}y{{end}}", "42y"},
		{"{{with .Empty}}x{{else with .Name}}{{.}}{{end}}", "/web"},
		{"{{$x := 1}}{{if true}}{{$x = 2}}{{$x := 3}}{{$x}}{{end}}{{$x}}", "32"},
		{"{{with $y := .State}}{{$y.Pid}}{{end}}", "42"},
		{"{{$first := true}}{{range .Args}}{{if $first}}{{$first = false}}{{else}}, {{end}}{{.}}"
		 "{{end}}",
		 "-c, sleep 5"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(trim_markers_take_the_space_beside_them)
{
	static const struct expectation table[] = {
		{"a  {{- 1 -}}  b", "a1b"},
		{"a \n{{- /* a comment */ -}}\n b", "ab"},
		{"a{{/* }} */}}b", "ab"},
		{"a {{ 1 }} b", "a 1 b"},
		{"{{`raw \"x\"\n`}}{{\"t\\tu\\u00e9\\x41\"}}", "raw \"x\"\nt\tu\xc3\xa9"
							       "A"},
		{"{{-3}}{{- 3}}", "-33"},
		{"{{\n.Name\n}}", "/web"},
		{"  {{- \"\" -}}  ", ""},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(what_does_not_parse_is_told_in_the_words_of_go)
{
	static const struct expectation table[] = {
		{"{{.Id", "!template: :1: unclosed action"},
		{"{{.Id}", "!template: :1: bad character in action"},
		{"{{foo .Id}}", "!template: :1: function \"foo\" not defined"},
		{"a\n{{}}", "!template: :2: missing value for command"},
		{"{{if}}x{{end}}", "!template: :1: missing value for if"},
		{"{{if .Id}}", "!template: :1: unexpected EOF"},
		{"{{end}}", "!template: :1: unexpected {{end}}"},
		{"{{else}}", "!template: :1: unexpected {{else}}"},
		{"{{$x}}", "!template: :1: undefined variable \"$x\""},
		{"{{$x := $x}}", "!template: :1: undefined variable \"$x\""},
		{"{{$x = 1}}", "!template: :1: undefined variable \"$x\""},
		{"{{if $x := 1}}{{end}}{{$x}}", "!template: :1: undefined variable \"$x\""},
		{"{{.Id | 3}}", "!template: :1: non executable command in pipeline stage 2"},
		{"{{.Id |}}", "!template: :1: empty command"},
		{"{{(.Id}}", "!template: :1: unclosed left paren"},
		{"{{.Id)}}", "!template: :1: unexpected right paren"},
		{"{{\"abc}}", "!template: :1: unterminated quoted string"},
		{"{{`abc}}", "!template: :1: unterminated raw quoted string"},
		{"{{\"a\\qb\"}}", "!template: :1: invalid syntax in \"a\\qb\""},
		{"{{\"a\\x00b\"}}", "!template: :1: invalid syntax in \"a\\x00b\""},
		{"{{1.5}}", "!template: :1: bad number syntax: \"1.5\""},
		{"{{/* x}}", "!template: :1: unclosed comment"},
		{"{{break}}", "!template: :1: {{break}} outside {{range}}"},
		{"{{template \"x\"}}", "!template: :1: {{template}} is not supported"},
		{"{{\"a\".b}}", "!template: :1: unexpected . after term \"\"a\"\""},
		{"{{.Id @}}", "!template: :1: unrecognized character in action"},
		{"{{if .Id}}{{else}}{{else}}{{end}}",
		 "!template: :1: expected end; found {{else}}"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(what_cannot_be_evaluated_is_told_in_the_words_of_go)
{
	static const struct expectation table[] = {
		{"{{.Foo}}",
		 "!template: :1:2: executing \"\" at <.Foo>: map has no entry for key \"Foo\""},
		{"{{.State.Foo}}",
		 "!template: :1:8: executing \"\" at <.State.Foo>: map has no entry for key \"Foo\""},
		{"{{.Nmae}}",
		 "!template: :1:2: executing \"\" at <.Nmae>: map has no entry for key "
		 "\"Nmae\"; did you mean \"Name\"?"},
		{"x\n {{.Id.X}}",
		 "!template: :2:6: executing \"\" at <.Id.X>: can't evaluate field X "
		 "in type string"},
		{"{{.State.Health.Status}}",
		 "!template: :1:8: executing \"\" at <.State.Health.Status>: nil data; no entry for key "
		 "\"Status\""},
		{"{{index (index .NetworkSettings.Ports \"1/tcp\") 0}}",
		 "!template: :1:2: executing \"\" at <index (index .NetworkSettings.Ports \"1/tcp\") 0>: "
		 "error calling index: index of untyped nil"},
		{"{{index .Args 5}}",
		 "!template: :1:2: executing \"\" at <index .Args 5>: error calling "
		 "index: index out of range: 5"},
		{"{{len 3}}",
		 "!template: :1:2: executing \"\" at <len 3>: error calling len: len of type int"},
		{"{{len}}",
		 "!template: :1:2: executing \"\" at <len>: wrong number of args for len: "
		 "want 1 got 0"},
		{"{{range 3}}{{end}}",
		 "!template: :1:8: executing \"\" at <3>: range can't iterate over a int"},
		{"{{eq 1 \"a\"}}",
		 "!template: :1:2: executing \"\" at <eq 1 \"a\">: error calling eq: "
		 "incompatible types for comparison: int and string"},
		{"{{.Name \"x\"}}",
		 "!template: :1:2: executing \"\" at <.Name>: Name is not a method "
		 "but has arguments"},
		{"{{1 | .Name}}",
		 "!template: :1:6: executing \"\" at <.Name>: can't give argument to "
		 "non-function .Name"},
	};

	check(table, ARRAY_SIZE(table));
}

TEST(headings_pass_through_functions)
{
	auto_free char *a = render("{{json .Id}} {{upper .Name}} {{.Label \"x.y\"}}", true);

	assert_string_equal(a, "0123456789abcdef /web y");
}

TEST(a_template_cannot_work_without_end)
{
	auto_str text = {0};
	auto_free char *result = NULL;

	for (int i = 0; i < 40; i++)
		str_append(&text, "{{range $.Args}}");
	for (int i = 0; i < 40; i++)
		str_append(&text, "{{end}}");
	result = render(str_text(&text), false);
	assert_string_equal(result, "!template: more work than is allowed");
}

TEST(deep_nesting_and_long_texts_are_refused)
{
	auto_str text = {0};
	auto_free char *deep = NULL, *large = NULL;

	for (int i = 0; i < 2000; i++)
		str_append(&text, "{{if (1)}}");
	deep = render(str_text(&text), false);
	assert_string_equal(deep, "!template: :1: nested deeper than 64");
	for (int i = 0; i < 10000; i++)
		str_append(&text, "abcdefgh");
	large = render(str_text(&text), false);
	assert_string_equal(large, "!template: longer than 65536 bytes");
}
