import { readdirSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = path.join(import.meta.dirname, '..', '..');
const declarations = path.join(root, 'node_modules', 'electron', 'electron.d.ts');
const standIn = path.join(root, 'test', 'electron', 'module.ts');
const desktop = path.join(root, 'main', 'desktop');
const program = ts.createProgram(
  [
    standIn,
    path.join(root, 'main', 'index.ts'),
    ...readdirSync(desktop).map((name) => path.join(desktop, name)),
    declarations,
  ],
  {
    target: ts.ScriptTarget.ES2024,
    module: ts.ModuleKind.Preserve,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    allowImportingTsExtensions: true,
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    types: ['node'],
  },
);
const checker = program.getTypeChecker();

/** Exports of the stand-in and of Electron's main process, as types: of a class its instances and its own members both. */
function exportsOf(file: string): Map<string, ts.Symbol> {
  const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
  return new Map(checker.getExportsOfModule(module).map((each) => [each.name, resolved(each)]));
}

function electronExports(): Map<string, ts.Symbol> {
  const main = checker.getAmbientModules().find((each) => each.name === '"electron"')!;
  return new Map(checker.getExportsOfModule(main).map((each) => [each.name, resolved(each)]));
}

const resolved = (symbol: ts.Symbol): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** Names of the public members of an object, or of a class: its instances', and its own with “static ” before them. */
function membersOf(symbol: ts.Symbol): Set<string> {
  const value = checker.getTypeOfSymbol(symbol);
  const instance = value.getConstructSignatures()[0]?.getReturnType();
  return new Set([...names(instance ?? value), ...(instance ? names(value).map((each) => `static ${each}`) : [])]);
}

function names(type: ts.Type): string[] {
  return type
    .getProperties()
    .filter((each) => !/^(__)?#/.test(each.name) && each.name !== 'prototype' && !isNodes(each))
    .map((each) => each.name);
}

// What every emitter has is not Electron's.
const isNodes = (symbol: ts.Symbol): boolean =>
  symbol.declarations?.some((each) => each.getSourceFile().fileName.includes('@types/node')) ?? false;

const ours = exportsOf(standIn);
const theirs = electronExports();

/** Classes whose instances the app gets from elsewhere than their constructor. */
const classes = new Map(
  [
    ['Session', 'session.ts'],
    ['UtilityProcess', 'utility-process.ts'],
    ['WebContents', 'web-contents.ts'],
  ].map(([name, file]) => [name!, exportsOf(path.join(path.dirname(standIn), file!)).get(name!)!]),
);

describe('the stand-in', () => {
  it('exports nothing that Electron does not', () => {
    expect(ours.size).toBeGreaterThan(10);
    expect([...ours.keys()].filter((name) => !theirs.has(name))).toEqual([]);
  });

  it.each([...ours.keys()])('has no member of %s that Electron does not have', (name) => {
    const members = membersOf(ours.get(name)!);
    const electron = membersOf(theirs.get(name)!);
    // Of some classes Electron exports the statics alone: `session` is `typeof Session`.
    const known = (member: string): boolean => electron.has(member) || electron.has(`static ${member}`);
    expect([...members].filter((each) => !known(each))).toEqual([]);
  });

  it.each([...classes])('has no member of a %s that Electron does not have', (name, symbol) => {
    const electron = new Set(names(checker.getDeclaredTypeOfSymbol(theirs.get(name)!)));
    expect(electron.size).toBeGreaterThan(0);
    const own = names(checker.getDeclaredTypeOfSymbol(symbol));
    expect(own.filter((each) => !electron.has(each))).toEqual([]);
  });

  it('has everything of Electron that the app uses', () => {
    const missing = new Set<string>();
    const used = new Set<string>();
    for (const source of program.getSourceFiles()) {
      if (!source.fileName.includes('/main/desktop/') && !source.fileName.endsWith('/main/index.ts')) continue;
      const visit = (node: ts.Node): void => {
        const use = ts.isImportSpecifier(node)
          ? importOf(node)
          : ts.isPropertyAccessExpression(node)
            ? memberOf(node)
            : undefined;
        if (use !== undefined) {
          used.add(use);
          if (!has(use)) missing.add(use);
        }
        ts.forEachChild(node, visit);
      };
      visit(source);
    }
    expect(used.size).toBeGreaterThan(40);
    expect([...missing]).toEqual([]);
  });
});

/** An imported value of Electron; types are nobody's at run time. */
function importOf(node: ts.ImportSpecifier): string | undefined {
  const declaration = node.parent.parent;
  const from = (declaration.parent.moduleSpecifier as ts.StringLiteral).text;
  return from === 'electron' && !node.isTypeOnly && !declaration.isTypeOnly
    ? (node.propertyName ?? node.name).text
    : undefined;
}

/** “Type.member” for a member that Electron declares. */
function memberOf(node: ts.PropertyAccessExpression): string | undefined {
  const declaration = checker.getSymbolAtLocation(node.name)?.declarations?.[0];
  if (declaration?.getSourceFile().fileName !== declarations) return undefined;
  const owner = declaration.parent;
  if (!ts.isClassDeclaration(owner) && !ts.isInterfaceDeclaration(owner)) return undefined;
  const isStatic =
    ts.canHaveModifiers(declaration) &&
    ts.getModifiers(declaration)?.some((each) => each.kind === ts.SyntaxKind.StaticKeyword);
  return `${owner.name!.text}.${isStatic ? 'static ' : ''}${node.name.text}`;
}

/** Whether the stand-in has what is used; what Electron's emitters declare comes from Node's on our side. */
function has(use: string): boolean {
  const [owner, member] = use.split('.') as [string, string | undefined];
  if (member === undefined) return ours.has(owner);
  if (['on', 'once', 'off', 'emit'].includes(member)) return true;
  const object = ours.get(owner.charAt(0).toLowerCase() + owner.slice(1));
  const symbol = member.startsWith('static ')
    ? (ours.get(owner) ?? object)
    : (classes.get(owner) ?? ours.get(owner) ?? object);
  // Events, options and results are no exports: what is read of them shows when the app runs.
  if (!symbol) return true;
  const members = membersOf(symbol);
  return members.has(member) || members.has(member.replace('static ', ''));
}
