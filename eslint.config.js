import vue from 'eslint-plugin-vue';
import tseslint from 'typescript-eslint';
import { importDirection } from './scripts/eslint/import-direction.js';

export default tseslint.config(
  {
    ignores: [
      'build/**',
      'out/**',
      'release/**',
      'node_modules/**',
      'native/**',
      'test/oracles/**',
      'test/fixtures/**',
    ],
  },
  {
    files: ['main/**/*.ts', 'preload/**/*.ts', 'test/**/*.ts', 'renderer/vite.config.ts'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    plugins: { rankwise: { rules: { 'import-direction': importDirection } } },
    rules: {
      'rankwise/import-direction': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Leaving properties out by taking them apart is the plainest way to say so.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/require-await': 'off',
      eqeqeq: 'error',
    },
  },
  {
    files: ['renderer/**/*.{ts,vue}'],
    ignores: ['renderer/vite.config.ts'],
    extends: [tseslint.configs.recommendedTypeChecked, vue.configs['flat/recommended']],
    languageOptions: {
      parserOptions: {
        parser: tseslint.parser,
        project: './tsconfig.renderer.json',
        extraFileExtensions: ['.vue'],
      },
    },
    plugins: { rankwise: { rules: { 'import-direction': importDirection } } },
    rules: {
      'rankwise/import-direction': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      // Leaving properties out by taking them apart is the plainest way to say so.
      '@typescript-eslint/no-unused-vars': ['error', { ignoreRestSiblings: true }],
      '@typescript-eslint/no-floating-promises': 'error',
      // Components of other files are opaque to the parser; vue-tsc checks what is passed to them.
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      // The schemas stay in main: the screens know the contract's types only.
      'no-restricted-imports': ['error', { paths: ['zod'] }],
      // A style attribute in a template's text may be written as HTML, which the policy of the window forbids; bound ones are set.
      'vue/no-static-inline-styles': 'error',
      'vue/no-v-html': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      'vue/multi-word-component-names': 'off',
      'vue/no-reserved-component-names': 'off',
      'vue/require-default-prop': 'off',
      'vue/prop-name-casing': 'off',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      ...layoutRules(),
    },
  },
  { files: ['scripts/**/*.{js,mjs}'], extends: [tseslint.configs.recommended] },
);

/** Layout is prettier's. */
function layoutRules() {
  const names = [
    'html-indent',
    'html-self-closing',
    'html-closing-bracket-newline',
    'max-attributes-per-line',
    'singleline-html-element-content-newline',
    'multiline-html-element-content-newline',
    'first-attribute-linebreak',
  ];
  return Object.fromEntries(names.map((name) => [`vue/${name}`, 'off']));
}
